import { createHash } from 'node:crypto';

/** Hex of the chainID of a layer on top of `parent` (hex too), which names it in the store (images-and-registries.md). */
export function chainIdOf(parent: string | undefined, diffId: string): string {
  if (parent === undefined) return diffId.replace(/^sha256:/, '');
  return createHash('sha256').update(`sha256:${parent} ${diffId}`).digest('hex');
}
