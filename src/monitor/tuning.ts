/** How a monitor process trades memory for speed (performance.md 10, goals M1 and G1). */
import { setFlagsFromString } from 'node:v8';

/** The launcher starts Node with `--expose-gc`. */
type Collect = (options: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void;

const settledMs = 2000;

/** Two seconds after the start the garbage of starting is collected, once: an idle monitor then has no reason to wake up. */
export function shrinkSoon(): void {
  const { gc: collect } = globalThis as { readonly gc?: Collect };
  if (collect === undefined) return;
  setTimeout(() => collect({ type: 'major', execution: 'sync', flavor: 'last-resort' }), settledMs).unref();
}

/** The launcher starts Node without optimising compilers; a container that writes much is worth them. */
export function speedUp(): void {
  for (const flag of ['--sparkplug', '--maglev', '--opt']) setFlagsFromString(flag);
}
