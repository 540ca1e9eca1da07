import { createHash } from 'node:crypto';
import { LayerError } from './layer-error.ts';

/** Hex of the chainID of a layer on top of `parent` (hex too), which names it in the store (images-and-registries.md). */
export function chainIdOf(parent: string | undefined, diffId: string): string {
  if (parent === undefined) return diffId.replace(/^sha256:/, '');
  return createHash('sha256').update(`sha256:${parent} ${diffId}`).digest('hex');
}

/** Refuses a layer whose tar is not the one that was asked for: code `LAYER_DIFF_ID_MISMATCH`, in Docker's words. */
export function checkDiffId(expected: string | undefined, calculated: string): void {
  if (expected === undefined || calculated === expected) return;
  throw new LayerError(
    'LAYER_DIFF_ID_MISMATCH',
    `wrong diff id "${expected}" calculated on extraction "${calculated}"`,
    { hint: 'the layer is not the one that the image configuration names; nothing of it was kept' },
  );
}
