/**
 * Many small files end before V8's optimising compilers have paid for themselves: without them 200 real files take about a
 * quarter less CPU time (`bench/lint.ts`). Long files are worth them.
 */
import { setFlagsFromString } from 'node:v8';

/** Characters of one file from which on optimised code pays. */
const longFile = 200_000;

let resting = false;

/** Until `wakeCompilers`. What is compiled already stays. */
export function restCompilers(): void {
  resting = true;
  for (const flag of ['--no-opt', '--no-maglev']) setFlagsFromString(flag);
}

export function wakeCompilers(): void {
  if (!resting) return;
  resting = false;
  for (const flag of ['--opt', '--maglev']) setFlagsFromString(flag);
}

/**
 * Wakes them for a long file. What is read of it stays to the end, so that a young generation that grows holds more and more
 * copies of it: kept as small as it is, a third of the memory is not needed.
 */
export function compilersFor(characters: number): void {
  if (characters < longFile) return;
  wakeCompilers();
  setFlagsFromString('--semi-space-growth-factor=1');
}
