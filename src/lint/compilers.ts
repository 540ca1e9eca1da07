/**
 * Many small files end before V8's optimising compilers have paid for themselves: without them 200 real files take about a
 * quarter less CPU time (`bench/lint.ts`). Long files are worth them. (How regular expressions are compiled must not be changed
 * in a running process: V8 crashes.)
 */
import { setFlagsFromString } from 'node:v8';

/** Characters of one file from which on optimised code pays. */
const longFile = 200_000;
/** Fewer end before anything is optimised, and need not load node:v8. */
const several = 8;

/** Short ones so far; past `several` when a long one was among them. */
let files = 0;
let resting = false;

/** To be called for each file before it is linted. */
export function compilersFor(characters: number): void {
  if (characters >= longFile) {
    wake();
    files = several;
    // What is read of it stays to the end, so that a young generation that grows holds more and more copies of it: kept as small
    // as it is, a third of the memory is not needed.
    setFlagsFromString('--semi-space-growth-factor=1');
  } else if (++files === several) {
    resting = true;
    // What is compiled already stays.
    for (const flag of ['--no-opt', '--no-maglev']) setFlagsFromString(flag);
  }
}

/** When all files are linted and all is told: what is hot by then would be compiled at once before. */
export function compilersAfterAll(): void {
  wake();
  files = 0;
}

function wake(): void {
  if (!resting) return;
  resting = false;
  for (const flag of ['--opt', '--maglev']) setFlagsFromString(flag);
}
