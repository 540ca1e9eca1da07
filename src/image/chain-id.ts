import { digestHex, sha256 } from './digest.ts';
import type { Digest } from './digest.ts';

/**
 * The chain ID of every layer, bottom first: the first is the diff ID itself, the next `sha256(chain + " " + diff)`
 * (images-and-registries.md 5.2). Two images share a layer exactly when they share its chain ID.
 */
export function chainIds(diffIds: readonly Digest[]): Digest[] {
  const chain: Digest[] = [];
  for (const diffId of diffIds) {
    const parent = chain.at(-1);
    chain.push(parent === undefined ? diffId : sha256(`${parent} ${diffId}`));
  }
  return chain;
}

/** Layer store ids of an image, topmost first, as `layerchain.json` and `parents` want them. */
export function layerIdsOf(diffIds: readonly Digest[]): string[] {
  return chainIds(diffIds).map(digestHex).reverse();
}
