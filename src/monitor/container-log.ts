import { join } from 'node:path';
import { containerFiles } from '../state/container-files.ts';
import type { ContainerConfigRecord } from '../state/container-record.ts';
import type { DataPaths } from '../state/paths.ts';
import { rfc3339 } from '../state/timestamp.ts';
import { JsonLogEncoder } from './json-log.ts';
import type { LogStream } from './json-log.ts';
import { LogFile } from './log-file.ts';
import { logAttributes, parseLogOptions } from './log-options.ts';

/** The log of one run: both streams' records in the order in which they came. */
export interface ContainerLog {
  write(stream: LogStream, chunk: Buffer): void;
  /** Bytes in the current file. */
  size(): number;
  /** Writes unfinished lines: `logs -f` reads the file a last time when the end is on record. */
  flush(): void;
  /** Flushes and closes the file. */
  close(): void;
}

export function openContainerLog(
  paths: DataPaths,
  config: ContainerConfigRecord,
  now: () => number,
): ContainerLog {
  const options = parseLogOptions(config.hostConfig.LogConfig);
  if (options.driver === 'none')
    return { write: () => undefined, size: () => 0, flush: () => undefined, close: () => undefined };
  const attributes = logAttributes(options, {
    labels: config.config.Labels ?? {},
    env: config.config.Env ?? [],
  });
  const encoders = {
    stdout: new JsonLogEncoder('stdout', attributes),
    stderr: new JsonLogEncoder('stderr', attributes),
  };
  const file = new LogFile(join(paths.container(config.id), containerFiles.log(config.id)), options);
  let lost = 0;
  const put = (records: Buffer): void => {
    if (!file.write(records)) lost += file.takeLostBytes();
    else if (lost > 0 && records.length > 0) {
      const note = Buffer.from(`porthole: ${lost} bytes of this log were lost: no space left on device\n`);
      lost = 0;
      file.write(new JsonLogEncoder('stderr').push(note, rfc3339(now())));
    }
  };
  const flush = (): void => {
    const time = rfc3339(now());
    put(encoders.stdout.end(time));
    put(encoders.stderr.end(time));
  };
  return {
    write: (stream, chunk) => put(encoders[stream].push(chunk, rfc3339(now()))),
    size: () => file.size,
    flush,
    close: () => {
      flush();
      file.close();
    },
  };
}
