import type { Engine } from '../engine/roles/index.ts';
import type { CommandContext } from './command.ts';
import { exitCodeOf } from './run-attached.ts';

/** `run --detach`: starts and returns. With `--rm` a failed start is only over when the container is gone. */
export async function startDetached(
  context: CommandContext,
  { containers }: Engine,
  id: string,
  autoRemove: boolean,
): Promise<void> {
  const waiting = new AbortController();
  try {
    const removal = autoRemove ? await containers.wait(id, 'removed', { signal: waiting.signal }) : undefined;
    // Nobody waits for it after a successful start.
    removal?.exit.catch(() => undefined);
    try {
      await containers.start(id, { signal: context.signal });
    } catch (error) {
      if (removal) await exitCodeOf(context, removal.exit);
      throw error;
    }
  } finally {
    waiting.abort();
  }
}
