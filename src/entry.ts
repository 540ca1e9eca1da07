/**
 * The command line's composition root: turns the process into what the dispatcher and commands are given. What a command
 * does not touch is never made: signal handlers, terminals, the engine.
 */
import { fstatSync, readdirSync, writeSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import type { CommandContext, GlobalFlags, Terminal } from './cli/command.ts';
import type { CommandEntry } from './cli/command-index.ts';
import { commandIndex } from './cli/command-table.ts';
import { dispatch } from './cli/dispatch.ts';
import { directOutput } from './cli/direct-output.ts';
import type { DirectOutput } from './cli/direct-output.ts';
import { nowhere } from './cli/nowhere.ts';
import type { DispatchHost } from './cli/dispatch.ts';
import type { Environment } from './environment.ts';
import { Signals } from './cli/signals.ts';
import { configFolder, dataRootFolder, homeFolder, usesColor } from './cli/user-settings.ts';
import type { Account } from './cli/user-settings.ts';
import { loadCommand, loadEngine, packageRoot } from './load.ts';
import { versionText } from './version.ts';

const bin = 'porthole';

let elevated: boolean | undefined;

function isElevated(): boolean {
  return (elevated ??= process.platform === 'win32' ? mayListSystemFiles() : process.getuid?.() === 0);
}

function mayListSystemFiles(): boolean {
  try {
    // Only administrators may list it.
    readdirSync(join(process.env['SystemRoot'] ?? 'C:\\Windows', 'System32', 'config'));
    return true;
  } catch {
    return false;
  }
}

const account: Account = {
  platform: process.platform === 'win32' ? 'win32' : 'linux',
  env: process.env,
  uid: process.getuid?.(),
  elevated: isElevated,
  home: homedir,
};

/** The working folder may have been removed under the shell; then only absolute paths mean something. */
function workingFolder(): string {
  try {
    return process.cwd();
  } catch {
    return account.platform === 'win32' ? 'C:\\' : '/';
  }
}

function environmentOf(dataRoot: string, { record, replay }: GlobalFlags): Environment {
  const { platform, env } = account;
  const cwd = workingFolder();
  return {
    platform,
    arch: process.arch,
    env,
    get elevated() {
      return isElevated();
    },
    homeDir: homeFolder(account),
    cwd,
    now: Date.now,
    newId: () => Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('hex'),
    dataRoot: resolve(cwd, dataRoot || dataRootFolder(account)),
    wineRoot: env['PORTHOLE_WINE_ROOT'] ? resolve(cwd, env['PORTHOLE_WINE_ROOT']) : '/',
    packageRoot,
    ...recordingOf(cwd, dataRoot, record, replay),
  };
}

function recordingOf(
  cwd: string,
  dataRoot: string,
  record: string | undefined,
  replay: string | undefined,
): Pick<Environment, 'recording'> {
  const file = record ?? replay;
  if (file === undefined) return {};
  const mode = record === undefined ? 'replay' : 'record';
  return { recording: { mode, file: resolve(cwd, file), keepDataRoot: dataRoot !== '' } };
}

/** False without a doubt: a terminal is a character device, and `/dev/null` (major 1) is none. Asking costs nothing. */
function mayBeTerminal(descriptor: number): boolean {
  if (process.platform === 'win32') return true;
  try {
    const stat = fstatSync(descriptor);
    return stat.isCharacterDevice() && ((stat.rdev >> 8) & 0xfff) !== 1;
  } catch {
    return false;
  }
}

function terminalOf(descriptor: number, open: () => NodeJS.ReadStream | NodeJS.WriteStream): Terminal {
  const stream = mayBeTerminal(descriptor) ? open() : undefined;
  const size = stream as Partial<Pick<NodeJS.WriteStream, 'columns' | 'rows'>> | undefined;
  const isTTY = stream?.isTTY === true;
  return {
    isTTY,
    // A terminal that nobody told its size has 0 of each.
    get columns() {
      const columns = size?.columns ?? 0;
      return columns > 0 ? columns : 80;
    },
    get rows() {
      const rows = size?.rows ?? 0;
      return rows > 0 ? rows : 24;
    },
    color: usesColor(process.env, isTTY),
  };
}

/** A reader that went away (`| head`) ends the command without a word, as SIGPIPE would. */
function endQuietly(): void {
  process.exit(process.platform === 'win32' ? 1 : 141);
}

function outputOf(descriptor: 1 | 2): DirectOutput {
  const open = (): NodeJS.WriteStream => {
    const stream = descriptor === 1 ? process.stdout : process.stderr;
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' && error.code !== 'EOF') throw error;
      endQuietly();
    });
    return stream;
  };
  const output = directOutput({
    writeSync: (bytes) => writeSync(descriptor, bytes),
    open,
    closed: endQuietly,
  });
  // Only Node's stream knows how to write to a Windows console.
  if (process.platform === 'win32') void output.stream.writable;
  return output;
}

function lazily<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

/** Node.js takes a folder there (`porthole lint - < .`) for an empty file. */
function standardInput(): NodeJS.ReadableStream {
  let isFolder = false;
  try {
    isFolder = fstatSync(0).isDirectory();
  } catch {
    // Closed: Node.js tells in its own way.
  }
  if (!isFolder) return process.stdin;
  const error = Object.assign(new Error('EISDIR: illegal operation on a directory, read'), {
    code: 'EISDIR',
    syscall: 'read',
  });
  return new Readable({
    read() {
      this.destroy(error);
    },
  });
}

function processHost(stdout: DirectOutput, stderr: DirectOutput): DispatchHost {
  const signals = new Signals({
    platform: process.platform,
    on: (name, listener) => process.on(name, listener),
    off: (name, listener) => process.off(name, listener),
    forceExit: (line) => {
      stderr.stream.write(line + '\n');
      process.exit(1);
    },
  });
  const terminals = {
    in: lazily(() => terminalOf(0, () => process.stdin)),
    out: lazily(() => terminalOf(1, () => stdout.stream)),
    error: lazily(() => terminalOf(2, () => stderr.stream)),
  };
  const entries = async (): Promise<readonly CommandEntry[]> => {
    const { commandEntries } = await import('./cli/command-entries.ts');
    return commandEntries();
  };
  const context = (globals: GlobalFlags, dataRoot: string): ReturnType<DispatchHost['context']> => {
    const environment = environmentOf(dataRoot, globals);
    const engine = lazily(() => loadEngine(environment));
    const made: Omit<CommandContext, 'bin' | 'globals' | 'json'> = {
      environment,
      engine,
      get stdin() {
        return standardInput();
      },
      stdout: stdout.stream,
      stderr: stderr.stream,
      get inTerminal() {
        return terminals.in();
      },
      get outTerminal() {
        return terminals.out();
      },
      get errTerminal() {
        return terminals.error();
      },
      get signal() {
        return signals.abort;
      },
      onSignal: (listener) => signals.subscribe(listener),
    };
    return made;
  };
  return {
    bin,
    version: versionText,
    defaultConfig: configFolder(account),
    index: commandIndex,
    loadCommand,
    loadHelp: async () => {
      const { createHelper } = await import('./cli/helper.ts');
      return createHelper({ entries, terminal: terminals.out(), config: configFolder(account) });
    },
    context,
    nowhere,
    stdout: stdout.stream,
    stderr: stderr.stream,
    runPlugin: async (argv) => {
      const { runPlugin } = await import('./cli/oclif/plugins.ts');
      return runPlugin(packageRoot, argv);
    },
    signalled: () => signals.ended,
    ...(process.platform === 'win32' && {
      explainHint: async (error) => (await import('./cli/explained-hint.ts')).explainedHintOf(error),
    }),
  };
}

async function flushed(output: DirectOutput): Promise<void> {
  const stream = output.opened();
  if (stream && stream.writableLength > 0) await new Promise<void>((done) => stream.write('', () => done()));
}

/** Runs a command line, the process's own by default, to its end. */
export async function main(argv: readonly string[] = process.argv.slice(2)): Promise<void> {
  if (process.platform !== 'win32' && process.platform !== 'linux') {
    process.stderr.write(`${bin} runs on Windows and Linux, not on ${process.platform}\n`);
    process.exit(1);
  }
  const stdout = outputOf(1);
  const stderr = outputOf(2);
  const exitCode = await dispatch(argv, processHost(stdout, stderr));
  await flushed(stdout);
  await flushed(stderr);
  process.exit(exitCode);
}
