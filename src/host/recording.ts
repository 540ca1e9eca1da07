/**
 * `--record` and `--replay` around a host. The command begins; monitors that it starts join through their environment.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Environment, RecordingSettings } from '../environment.ts';
import { PortholeError } from '../errors/porthole-error.ts';
import { listContainers } from '../state/container-list.ts';
import { dataPaths } from '../state/paths.ts';
import type { Host } from './host.ts';
import { recordingFormat } from './record/lines.ts';
import type { HeaderLine } from './record/lines.ts';
import { monitorsAtRest } from './monitors-at-rest.ts';
import { Redactor } from './record/redact.ts';
import { Recorder } from './record/recorder.ts';
import { recordHost } from './record/record-host.ts';
import { restoreSnapshot, takeSnapshot } from './record/snapshot.ts';
import { parseRecording } from './replay/recording.ts';
import type { RecordedProcess } from './replay/recording.ts';
import { replayHost } from './replay/replay-host.ts';
import { Replayer } from './replay/replayer.ts';

export interface RecordingSession {
  /** With the data root of the replay, and IDs that are recorded or replayed. */
  readonly environment: Environment;
  /** The host to use; `open` opens the real one, which a replay never does. */
  host(open: () => Promise<Host>): Promise<Host>;
  /** At the end of the command: removes a temporary data root. Gives a line to print, if there is something to say. */
  leave(): string | undefined;
}

export interface BeginOptions {
  readonly version: string;
  readonly onMismatch: (message: string) => void;
}

const command = 'cli';

export async function beginRecording(
  environment: Environment,
  { version, onMismatch }: BeginOptions,
): Promise<RecordingSession> {
  const settings = environment.recording!;
  if (settings.mode === 'replay') return beginReplay(environment, settings, onMismatch);
  const redactor = new Redactor();
  const held = await monitorsAtRest(dataPaths(environment.dataRoot), environment.now);
  const { files, omitted } = takeSnapshot(environment, redactor);
  const header: HeaderLine = {
    recording: 'porthole',
    format: recordingFormat,
    version,
    platform: environment.platform,
    arch: environment.arch,
    started: environment.now(),
    files,
    omitted,
    held,
  };
  try {
    writeFileSync(settings.file, `${JSON.stringify(header)}\n`, { flag: 'wx', mode: 0o600 });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new PortholeError(
      'invalid',
      'RECORDING_FILE',
      code === 'EEXIST' ? `${settings.file} is there already` : `cannot write the recording: ${message}`,
      { hint: 'give --record the name of a new file', cause },
    );
  }
  return record(environment, settings, command, redactor);
}

/** A monitor of a command that records or replays. */
export async function joinRecording(environment: Environment, name: string): Promise<RecordingSession> {
  const settings = environment.recording!;
  return settings.mode === 'record'
    ? record(environment, settings, name)
    : replay(environment, settings, name, () => undefined);
}

function record(
  environment: Environment,
  settings: RecordingSettings,
  name: string,
  redactor?: Redactor,
): RecordingSession {
  const recorder = new Recorder(settings.file, name, environment, redactor);
  return {
    environment: changed(environment, {
      newId: () => {
        const id = environment.newId();
        recorder.id(id);
        return id;
      },
    }),
    host: async (open) => recordHost(await open(), recorder),
    leave: () => undefined,
  };
}

function beginReplay(
  environment: Environment,
  settings: RecordingSettings,
  onMismatch: (message: string) => void,
): RecordingSession {
  const { header } = readRecording(settings.file);
  const dataRoot = settings.keepDataRoot
    ? emptyFolder(environment.dataRoot)
    : mkdtempSync(join(tmpdir(), 'porthole-replay-'));
  const own = changed(environment, { dataRoot });
  try {
    restoreSnapshot(header.files, own);
    const session = replay(own, settings, command, onMismatch);
    return settings.keepDataRoot ? session : { ...session, leave: () => removeDataRoot(own) };
  } catch (error) {
    if (!settings.keepDataRoot) rmSync(dataRoot, { recursive: true, force: true });
    throw error;
  }
}

function replay(
  environment: Environment,
  settings: RecordingSettings,
  name: string,
  onMismatch: (message: string) => void,
): RecordingSession {
  const { header, processes } = readRecording(settings.file);
  const recorded = claim(processes, name, settings.file, environment.dataRoot);
  const replayer = new Replayer(recorded, {
    file: settings.file,
    places: environment,
    held: header.held ?? [],
    onMismatch,
  });
  const ids = [...recorded.ids];
  return {
    environment: changed(environment, { newId: () => ids.shift() ?? environment.newId() }),
    host: async () => replayHost(replayer),
    leave: () => undefined,
  };
}

/** A getter stays a getter: asking whether this process is elevated costs something on Windows. */
function changed(environment: Environment, changes: Partial<Environment>): Environment {
  return Object.create(Object.prototype, {
    ...Object.getOwnPropertyDescriptors(environment),
    ...Object.getOwnPropertyDescriptors(changes),
  }) as Environment;
}

function readRecording(file: string): ReturnType<typeof parseRecording> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new PortholeError(
      'invalid',
      'RECORDING_FILE',
      `cannot read the recording: ${(cause as Error).message}`,
      {
        hint: 'give --replay a file that --record wrote',
        cause,
      },
    );
  }
  return parseRecording(text, file);
}

/** Several monitors of one container (stopped and started again) each take the next that is free. */
function claim(
  processes: readonly RecordedProcess[],
  name: string,
  file: string,
  dataRoot: string,
): RecordedProcess {
  const base = name.replace(/:\d+$/, '');
  const candidates = processes.filter((one) => one.name === base || one.name.replace(/:\d+$/, '') === base);
  const folder = join(dataRoot, 'run', 'replay-claims');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const candidate of candidates) {
    try {
      writeFileSync(join(folder, candidate.name.replaceAll(':', '-')), '', { flag: 'wx' });
      return candidate;
    } catch {
      continue;
    }
  }
  // A command that never came to use its host.
  if (base === command) return { name: command, ports: undefined, calls: [], ids: [] };
  throw new PortholeError('conflict', 'REPLAY_MISMATCH', `${file}: the recording has no process ${base}`, {
    hint: 'the command, its files or porthole itself changed since the recording was made',
  });
}

function emptyFolder(path: string): string {
  if (existsSync(path) && readdirSync(path).length > 0) {
    throw new PortholeError('invalid', 'REPLAY_DATA_ROOT', `${path} is not empty`, {
      hint: 'leave --data-root out, or name a new folder: a replay never touches a real data root',
    });
  }
  return path;
}

/** Detached containers of the replay keep running; then their data root stays too. */
function removeDataRoot({ dataRoot, now }: Environment): string | undefined {
  const { containers } = listContainers(dataPaths(dataRoot), now());
  if (containers.some(({ status }) => status === 'running' || status === 'restarting')) {
    return `replay: containers still run in it: porthole --data-root ${dataRoot} ps`;
  }
  rmSync(dataRoot, { recursive: true, force: true });
  return undefined;
}
