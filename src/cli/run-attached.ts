/**
 * A container started with its terminal attached: `run` and `start --attach` (docker-cli.md 4.1). Attach and wait are
 * registered before start, so that no output and no exit is lost.
 */
import type { Engine, StdioSession } from '../engine/roles/index.ts';
import { asError } from '../errors/porthole-error.ts';
import { copyStdio, forwardSignals } from './attach.ts';
import type { AttachEnd, AttachOptions } from './attach.ts';
import { CliError, errorText } from './cli-error.ts';
import type { CommandContext } from './command.ts';
import { logLine } from './log-line.ts';
import { outputSink } from './output-sink.ts';
import { followTerminalSize } from './terminal-size.ts';

export interface AttachedRun {
  readonly id: string;
  /** The container goes when it exits: then its removal is what is waited for. */
  readonly autoRemove: boolean;
  readonly signalProxy: boolean;
  readonly attach: AttachOptions;
}

export interface RunOutcome {
  /** Undefined when the terminal was detached and the container goes on. */
  readonly statusCode: number | undefined;
  readonly Stdout?: string;
  readonly Stderr?: string;
}

/** The exit code once it is known; failures are logged, as Docker's client does, and count as 125. */
export async function exitCodeOf(
  context: CommandContext,
  exit: Promise<{ StatusCode: number; Error?: { Message: string } }>,
): Promise<number> {
  try {
    const { StatusCode: code, Error: failure } = await exit;
    if (!failure || failure.Message === '') return code;
    logLine(context, 'error', `Error waiting for container: ${failure.Message}`);
  } catch (error) {
    logLine(context, 'error', `error waiting for container: ${errorText(error)}`);
  }
  return 125;
}

/** Runs to the end. `start` failing ends the attachment, waits for a removal under `--rm`, and is thrown. */
export async function runAttached(
  context: CommandContext,
  { containers }: Engine,
  run: AttachedRun,
): Promise<RunOutcome> {
  const { id, attach } = run;
  // Ctrl-C goes to the container while signals are forwarded; without, it detaches.
  let forced = (): void => undefined;
  const forcedEnd = new Promise<'forced'>((resolve) => (forced = () => resolve('forced')));
  // A container that is still starting cannot be signalled: what comes early is sent when it runs.
  let running = (): void => undefined;
  const started = new Promise<void>((resolve) => (running = resolve));
  const stopForwarding = run.signalProxy
    ? forwardSignals(context, (name) => started.then(() => containers.kill(id, name)), forced)
    : () => undefined;
  let session: StdioSession | undefined;
  try {
    session = await containers.attach(id, {
      stdin: attach.stdin,
      stdout: attach.stdout,
      stderr: attach.stderr,
      ...(attach.detachKeys !== '' && { detachKeys: attach.detachKeys }),
    });
    const sink = outputSink(context);
    const copying = settled(copyStdio(context, session, attach, sink));
    const { exit } = await containers.wait(id, run.autoRemove ? 'removed' : 'next-exit');
    const code = exitCodeOf(context, exit);
    try {
      await containers.start(id);
      running();
    } catch (error) {
      session.close();
      if (run.autoRemove) await code;
      throw error;
    }
    const end = await withTerminalSize(context, containers, run, Promise.race([copying, forcedEnd]));
    if (end === 'forced') throw new CliError('', { code: 'FORCED_EXIT', exitCode: 1 });
    if (end instanceof Error) throw end;
    if (end !== 'ended') return { statusCode: undefined, ...sink.collected() };
    const statusCode = await Promise.race([code, forcedEnd]);
    if (statusCode === 'forced') throw new CliError('', { code: 'FORCED_EXIT', exitCode: 1 });
    return { statusCode, ...sink.collected() };
  } finally {
    stopForwarding();
    session?.close();
  }
}

/** A copy that fails while nobody looks yet must not end the process. */
function settled(copying: Promise<AttachEnd>): Promise<AttachEnd | Error> {
  return copying.catch((error: unknown) => asError(error));
}

async function withTerminalSize<T>(
  context: CommandContext,
  containers: Engine['containers'],
  { id, attach }: AttachedRun,
  end: Promise<T>,
): Promise<T> {
  if (!attach.tty || !context.outTerminal.isTTY) return end;
  const stop = followTerminalSize(context, (size) => containers.resize(id, size));
  try {
    return await end;
  } finally {
    stop();
  }
}
