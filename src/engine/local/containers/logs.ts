import { watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { PortholeError } from '../../../errors/porthole-error.ts';
import { parseLogOptions } from '../../../monitor/log-options.ts';
import { containerFiles, readConfigRecord } from '../../../state/container-files.ts';
import { lookAt, resolveContainer } from '../../../state/container-list.ts';
import type { ContainersRole, StdioSession } from '../../roles/index.ts';
import type { ContainerReadDeps } from './deps.ts';
import { detailsText, fixedNanoTime, parseLogTime, parseTail } from './log-records.ts';
import type { LogRecord } from './log-records.ts';
import { LogSource } from './log-source.ts';

type LogsOptions = Parameters<ContainersRole['logs']>[1] & {
  /** Bytes of the current file that are read; what comes later is somebody else's. */
  readonly currentFileLimit?: number;
};

/** The role's `logs`: past records, oldest file first, then with `follow` what comes until the container ends. */
export async function readLogs(
  deps: Pick<ContainerReadDeps, 'paths' | 'environment'>,
  reference: string,
  options: LogsOptions,
): Promise<StdioSession> {
  const { paths, environment } = deps;
  const id = resolveContainer(paths, reference);
  if (!options.stdout && !options.stderr) {
    throw new PortholeError('invalid', 'LOG_STREAMS', 'Bad parameters: you must choose at least one stream');
  }
  const config = readConfigRecord(paths, id);
  const found = lookAt(paths, id, environment.now());
  if (found?.status === 'removing' || found?.status === 'dead') {
    throw new PortholeError(
      'conflict',
      'CONTAINER_DEAD',
      'can not get logs from container which is dead or marked for removal',
    );
  }
  const logOptions = parseLogOptions(config.hostConfig.LogConfig);
  if (logOptions.driver === 'none') {
    throw new PortholeError(
      'notImplemented',
      'LOG_DRIVER',
      'configured logging driver does not support reading',
    );
  }
  const now = environment.now();
  const since = parseLogTime('since', options.since ?? '', now);
  const until = parseLogTime('until', options.until ?? '', now);
  const source = new LogSource(
    join(paths.container(id), containerFiles.log(id)),
    logOptions.maxFiles,
    options.currentFileLimit,
  );
  const stdout = new Readable({ read: () => pump() });
  const stderr = config.config.Tty ? undefined : new Readable({ read: () => pump() });

  const format = (record: LogRecord): string =>
    (options.timestamps === true ? `${fixedNanoTime(record.time)} ` : '') +
    (options.details === true ? detailsText(record.attrs) : '') +
    record.log;
  let finished = false;
  let pumping = false;
  let watcher: FSWatcher | undefined;
  let timer: NodeJS.Timeout | undefined;
  const close = (): void => {
    if (finished) return;
    finished = true;
    clearTimeout(timer);
    watcher?.close();
    source.close();
    for (const stream of [stdout, stderr]) if (stream !== undefined && !stream.destroyed) stream.push(null);
  };
  /** False when a stream is full. */
  const emit = (records: readonly LogRecord[]): boolean => {
    const texts = { stdout: '', stderr: '' };
    for (const record of records) {
      if (since !== undefined && Date.parse(record.time) < since) continue;
      if (until !== undefined && Date.parse(record.time) > until) {
        flush(texts);
        close();
        return false;
      }
      const stream = stderr === undefined ? 'stdout' : record.stream;
      if (options[record.stream]) texts[stream] += format(record);
    }
    return flush(texts);
  };
  const flush = (texts: { readonly stdout: string; readonly stderr: string }): boolean => {
    const first = texts.stdout === '' || stdout.push(texts.stdout);
    const second = texts.stderr === '' || stderr === undefined || stderr.push(texts.stderr);
    return first && second;
  };
  const isOver = (): boolean => {
    if (options.follow !== true) return true;
    const current = safeLook(deps, id);
    return current === undefined || !(current.state.Running || current.record.phase === 'starting');
  };
  const waitForMore = (): void => {
    watcher ??= watchQuietly(dirname(source.path), () => pump());
    // Changes that the system does not report (network file systems) and the container's end are seen at the latest here.
    timer = setTimeout(() => pump(), watcher === undefined ? 250 : 1000);
  };
  const pump = (): void => {
    if (finished || pumping) return;
    pumping = true;
    clearTimeout(timer);
    try {
      for (;;) {
        const over = isOver();
        const records = source.read();
        if (records.length > 0) {
          if (!emit(records)) return;
        } else if (over) {
          close();
          return;
        } else {
          waitForMore();
          return;
        }
      }
    } finally {
      pumping = false;
    }
  };
  const tail = parseTail(options.tail);
  if (tail !== undefined) source.seekTail(tail, (record) => options[record.stream]);
  options.signal?.addEventListener('abort', close, { once: true });
  return { stdout, ...(stderr === undefined ? {} : { stderr }), close };
}

function safeLook(
  deps: Pick<ContainerReadDeps, 'paths' | 'environment'>,
  id: string,
): ReturnType<typeof lookAt> {
  try {
    return lookAt(deps.paths, id, deps.environment.now());
  } catch {
    return undefined;
  }
}

function watchQuietly(folder: string, onChange: () => void): FSWatcher | undefined {
  try {
    return watch(folder, onChange).on('error', () => undefined);
  } catch {
    return undefined;
  }
}
