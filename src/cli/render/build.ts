import type { ProgressListener } from '../../api/types/index.ts';
import { progressText } from './progress-bar.ts';
import type { ProgressMode } from './progress.ts';

const contextStatus = 'Sending build context to Docker daemon';

/**
 * The classic builder's output: the line about the context, which Docker's client prints for its upload and ends with CR CR
 * LF, and everything else as progress.
 */
export function buildOutput(
  out: { write(text: string): unknown },
  mode: ProgressMode,
  show: ProgressListener,
): ProgressListener {
  return (message) => {
    if (message.status !== contextStatus || mode === 'json' || mode === 'none') return show(message);
    out.write(`${contextStatus} ${progressText(message.progressDetail ?? {}, 80, 0)}\r\r\n`);
  };
}
