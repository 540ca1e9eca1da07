/** Keeps a remote terminal as large as ours (docker-cli.md 4.1, step 7). */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CommandContext } from './command.ts';

export interface TerminalSize {
  readonly height: number;
  readonly width: number;
}

interface SizedOutput {
  on(event: 'resize', listener: () => void): unknown;
  off(event: 'resize', listener: () => void): unknown;
  getWindowSize?(): [columns: number, rows: number];
}

export function terminalSize({
  stdout,
  outTerminal,
}: Pick<CommandContext, 'stdout' | 'outTerminal'>): TerminalSize {
  const [width, height] = (stdout as unknown as SizedOutput).getWindowSize?.() ?? [
    outTerminal.columns,
    outTerminal.rows,
  ];
  return { height, width };
}

/** `HostConfig.ConsoleSize` and exec's: [0, 0] when our output is no terminal. */
export function consoleSize(context: Pick<CommandContext, 'stdout' | 'outTerminal'>): [number, number] {
  if (!context.outTerminal.isTTY) return [0, 0];
  const { height, width } = terminalSize(context);
  return [height, width];
}

const pollInterval = 250;

/**
 * Sends the size now, trying for a while because the process may not be there yet, and then every change of it until the
 * returned function is called. Windows consoles tell nobody about changes, so they are asked.
 */
export function followTerminalSize(
  context: CommandContext,
  resize: (size: TerminalSize) => Promise<void>,
): () => void {
  let stopped = false;
  let last = terminalSize(context);
  const initial = async () => {
    for (let attempt = 0; attempt < 10 && !stopped; attempt++) {
      try {
        await resize(last);
        return;
      } catch {
        await sleep((attempt + 1) * 10);
      }
    }
    if (!stopped) context.stderr.write('failed to resize tty, using default size\n');
  };
  void initial();
  const onResize = () => {
    const size = terminalSize(context);
    if (size.height === last.height && size.width === last.width) return;
    last = size;
    resize(size).catch(() => undefined);
  };
  const output = context.stdout as unknown as SizedOutput;
  output.on('resize', onResize);
  const timer =
    context.environment.platform === 'win32' ? setInterval(onResize, pollInterval).unref() : undefined;
  return () => {
    stopped = true;
    output.off('resize', onResize);
    clearInterval(timer);
  };
}
