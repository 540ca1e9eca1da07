/**
 * The terminal side of a running process (docker-cli.md 4): copies stdio between the caller and a session, with a raw
 * terminal, detach keys, half-closed stdin and broken pipes. `run`, `start -a`, `attach` and `exec` share it.
 */
import type { StdioSession } from '../engine/roles/index.ts';
import type { CommandContext } from './command.ts';
import { asError } from '../errors/porthole-error.ts';
import { CliError } from './cli-error.ts';
import { defaultDetachKeys, DetachScanner, parseDetachKeys } from './detach-keys.ts';
import { logLine } from './log-line.ts';
import type { OutputSink } from './output-sink.ts';

/** `broken`: nobody reads our output any more (`porthole run … | head`). */
export type AttachEnd = 'ended' | 'detached' | 'broken';

export interface AttachOptions {
  /** The process has a terminal of its own: one raw stream, detach keys in force. */
  readonly tty: boolean;
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  /** '' = the default keys. */
  readonly detachKeys: string;
}

interface TerminalInput extends NodeJS.ReadableStream {
  readonly isRaw?: boolean;
  setRawMode?(raw: boolean): unknown;
  unref?(): unknown;
  ref?(): unknown;
}

/** Docker's refusal of a terminal session without a terminal, before anything is asked of the engine. */
export function checkTerminal(
  { inTerminal, environment }: CommandContext,
  stdin: boolean,
  tty: boolean,
): void {
  if (!tty || !stdin || inTerminal.isTTY) return;
  const more = ".  If you are using mintty, try prefixing the command with 'winpty'";
  throw new CliError(`the input device is not a TTY${environment.platform === 'win32' ? more : ''}`);
}

function detachKeysOf(context: CommandContext, keys: string): number[] {
  try {
    return parseDetachKeys(keys === '' ? defaultDetachKeys : keys);
  } catch (error) {
    logLine(context, 'warning', `invalid detach escape keys, using default: ${asError(error).message}`);
    return parseDetachKeys(defaultDetachKeys);
  }
}

/**
 * Copies until the process's output has ended, the keys were typed, the run was aborted or our output broke. The terminal is
 * put back and stdin let go in every case. Closing the session is the caller's.
 */
export async function copyStdio(
  context: CommandContext,
  session: StdioSession,
  options: AttachOptions,
  output: Pick<OutputSink, 'stdout' | 'stderr'> = context,
): Promise<AttachEnd> {
  const undo: (() => void)[] = [];
  try {
    return await new Promise<AttachEnd>((resolve, reject) => {
      const { signal } = context;
      const onAbort = () => resolve('detached');
      signal.addEventListener('abort', onAbort);
      undo.push(() => signal.removeEventListener('abort', onAbort));
      copyOutput(output, session, options, resolve, reject, undo);
      if (options.stdin && session.stdin) {
        const inputOnly = !options.stdout && !options.stderr;
        copyInput(context, session.stdin, options, resolve, inputOnly, undo);
      }
    });
  } finally {
    for (const step of undo.reverse()) step();
  }
}

function copyOutput(
  output: Pick<OutputSink, 'stdout' | 'stderr'>,
  session: StdioSession,
  options: AttachOptions,
  resolve: (end: AttachEnd) => void,
  reject: (error: Error) => void,
  undo: (() => void)[],
): void {
  const pairs = [
    [options.stdout || options.tty, session.stdout, output.stdout],
    [options.stderr, session.stderr, output.stderr],
  ] as const;
  let open = 0;
  const ended = () => {
    if (--open === 0) resolve('ended');
  };
  for (const [wanted, from, to] of pairs) {
    if (!from) continue;
    if (!wanted) {
      from.resume();
      continue;
    }
    open++;
    const onBroken = (error: NodeJS.ErrnoException) =>
      error.code === 'EPIPE' || error.code === 'EOF' ? resolve('broken') : reject(error);
    to.on('error', onBroken);
    from.once('end', ended).once('error', reject).pipe(to, { end: false });
    undo.push(() => {
      from.unpipe(to);
      to.off('error', onBroken);
    });
  }
  // With only stdin attached the session ends with its streams all the same.
  if (open === 0 && !options.stdin) resolve('ended');
  if (open === 0) session.stdout.once('end', () => resolve('ended'));
}

function copyInput(
  context: CommandContext,
  target: NodeJS.WritableStream,
  options: AttachOptions,
  resolve: (end: AttachEnd) => void,
  inputOnly: boolean,
  undo: (() => void)[],
): void {
  const stdin = context.stdin as TerminalInput;
  const terminal = options.tty && context.inTerminal.isTTY && stdin.setRawMode !== undefined;
  const scanner = options.tty ? new DetachScanner(detachKeysOf(context, options.detachKeys)) : undefined;
  const onData = (chunk: Buffer | string) => {
    const bytes = Buffer.from(chunk);
    const { forward, detached } = scanner ? scanner.scan(bytes) : { forward: bytes, detached: false };
    if (forward.length > 0 && !target.write(forward)) {
      stdin.pause();
      target.once('drain', () => stdin.resume());
    }
    if (detached) resolve('detached');
  };
  const onEnd = () => {
    // Half a close: the process sees the end of its input, its output goes on.
    target.end();
    if (inputOnly) resolve('ended');
  };
  // The process may end, or close its stdin, while we still write.
  const onTargetError = () => stdin.pause();
  target.on('error', onTargetError);
  if (terminal) stdin.setRawMode!(true);
  stdin.on('data', onData).once('end', onEnd);
  stdin.resume();
  undo.push(() => {
    stdin.off('data', onData).off('end', onEnd);
    if (terminal) stdin.setRawMode!(false);
    stdin.pause();
    // A terminal or an open pipe would keep the process alive.
    stdin.unref?.();
  });
}

/** Names that the engine takes; on Windows a closed console arrives as SIGHUP and Ctrl+Break as SIGBREAK. */
const windowsNames: Readonly<Record<string, string>> = { SIGHUP: 'TERM', SIGBREAK: 'INT' };

/**
 * Sends every signal of this process to the container until the returned function is called. The third SIGINT or SIGTERM
 * gives up: `onForced` is called and the caller ends with exit code 1, as Docker's client does.
 */
export function forwardSignals(
  context: CommandContext,
  send: (name: string) => Promise<void>,
  onForced: () => void,
): () => void {
  let terminations = 0;
  return context.onSignal((signal) => {
    if (signal === 'SIGWINCH') return;
    if ((signal === 'SIGINT' || signal === 'SIGTERM') && ++terminations === 3) {
      context.stderr.write('got 3 SIGTERM/SIGINTs, forcefully exiting\n');
      onForced();
      return;
    }
    const name = context.environment.platform === 'win32' ? windowsNames[signal] : undefined;
    // A container that has just ended cannot be signalled any more; that is no news.
    send(name ?? signal.replace(/^SIG/, '')).catch(() => undefined);
  });
}
