/** Runs command lines through the dispatcher in this process, over any engine, with streams that are looked at afterwards. */
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { CommandClass, Terminal } from '../../src/cli/command.ts';
import { commandEntries } from '../../src/cli/command-entries.ts';
import { indexOf } from '../../src/cli/command-index.ts';
import type { CommandIndex } from '../../src/cli/command-index.ts';
import { bufferedOutput } from '../../src/cli/buffered-output.ts';
import { dispatch } from '../../src/cli/dispatch.ts';
import { explainedHintOf } from '../../src/cli/explained-hint.ts';
import { createHelper } from '../../src/cli/helper.ts';
import { nowhere } from '../../src/cli/nowhere.ts';
import type { Engine } from '../../src/engine/roles/index.ts';
import type { Environment } from '../../src/environment.ts';

const root = join(import.meta.dirname, '../..');
const pipe: Terminal = { isTTY: false, columns: 80, rows: 24, color: false };

export interface CommandScene {
  readonly engine: Engine | (() => Promise<Engine>);
  readonly bin?: string;
  readonly stdin?: string | NodeJS.ReadableStream;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Folder of the client configuration. */
  readonly config?: string;
  /** Milliseconds since 1970. */
  readonly now?: number;
  readonly platform?: Environment['platform'];
  readonly inTerminal?: Partial<Terminal>;
  readonly outTerminal?: Partial<Terminal>;
  readonly signal?: AbortSignal;
  readonly onSignal?: (listener: (name: NodeJS.Signals) => void) => () => void;
}

export interface CommandRun {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

let index: Promise<CommandIndex> | undefined;

export async function runCommand(argv: readonly string[], scene: CommandScene): Promise<CommandRun> {
  const out = bufferedOutput();
  const error = bufferedOutput();
  const { engine, bin = 'porthole', now = Date.UTC(2026, 0, 2) } = scene;
  const environment: Environment = {
    platform: scene.platform ?? 'linux',
    arch: 'x64',
    env: { TZ: 'UTC', ...scene.env },
    elevated: false,
    homeDir: '/home/user',
    cwd: scene.cwd ?? '/',
    now: () => now,
    newId: () => '0'.repeat(64),
    dataRoot: '/nowhere',
    wineRoot: '/',
    packageRoot: root,
  };
  const { stdin = '' } = scene;
  const exitCode = await dispatch(argv, {
    bin,
    version: `${bin} version 0`,
    defaultConfig: scene.config ?? '/nowhere/config',
    index: await (index ??= commandEntries().then(indexOf)),
    loadCommand: async (file) =>
      ((await import(join(root, 'commands', `${file}.ts`))) as { default: CommandClass }).default,
    loadHelp: async () =>
      createHelper({ entries: commandEntries, terminal: pipe, config: '/home/user/.docker' }),
    context: () => ({
      environment,
      engine: typeof engine === 'function' ? engine : async () => engine,
      stdin: typeof stdin === 'string' ? Readable.from(stdin === '' ? [] : [Buffer.from(stdin)]) : stdin,
      stdout: out.stream,
      stderr: error.stream,
      inTerminal: { ...pipe, ...scene.inTerminal },
      outTerminal: { ...pipe, ...scene.outTerminal },
      errTerminal: pipe,
      signal: scene.signal ?? new AbortController().signal,
      onSignal: scene.onSignal ?? (() => () => undefined),
    }),
    nowhere,
    stdout: { write: (text) => out.stream.write(text) },
    stderr: { write: (text) => error.stream.write(text) },
    runPlugin: async () => undefined,
    signalled: () => undefined,
    ...(scene.platform === 'win32' ? { explainHint: explainedHintOf } : {}),
  });
  return { exitCode, stdout: out.text(), stderr: error.text() };
}
