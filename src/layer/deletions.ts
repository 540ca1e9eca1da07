import { storedName } from './names.ts';
import type { LayerDirectory } from './layer-tree.ts';
import type { LayerView } from './view.ts';

/** A name that a layer deletes and does not bring again. */
export interface Deletion {
  readonly directory: LayerDirectory;
  /** As the parents spell it, else as the tar does. */
  readonly name: string;
}

/**
 * What a finished layer hides of its parents (windows-layers.md 7.3): names with a whiteout, and everything in directories
 * that are opaque. A directory that is deleted and made anew becomes opaque. `root`: the layer's `Files`.
 */
export function deletionsOf(root: LayerDirectory, parents: LayerView): Deletion[] {
  const deletions: Deletion[] = [];
  const hideAll = (directory: LayerDirectory): void => {
    for (const [folded, child] of parents.children(directory.path)) {
      const own = directory.children.get(folded);
      if (own === undefined) deletions.push({ directory, name: child.name });
      else if (own.kind === 'directory' && child.type === 'directory') hideAll(own);
    }
  };
  const visit = (directory: LayerDirectory): void => {
    if (directory.isOpaque) return hideAll(directory);
    for (const folded of directory.whiteouts?.keys() ?? []) {
      const inherited = parents.children(directory.path).get(folded);
      const own = directory.children.get(folded);
      if (inherited !== undefined && own === undefined) deletions.push({ directory, name: inherited.name });
      else if (inherited?.type === 'directory' && own?.kind === 'directory') own.isOpaque = true;
    }
    for (const child of directory.children.values()) if (child.kind === 'directory') visit(child);
  };
  visit(root);
  return deletions;
}

/**
 * Names with a whiteout that neither the parents nor the layer have: what containers see below the parents (the Wine template,
 * of whatever version the next host has) may have them.
 */
export function deletionsOfOthers(root: LayerDirectory, parents: LayerView): Deletion[] {
  const deletions: Deletion[] = [];
  const visit = (directory: LayerDirectory): void => {
    for (const [folded, name] of directory.whiteouts ?? []) {
      const isKnown = parents.children(directory.path).has(folded) || directory.children.has(folded);
      if (!isKnown) deletions.push({ directory, name: storedName(name) });
    }
    for (const child of directory.children.values()) if (child.kind === 'directory') visit(child);
  };
  visit(root);
  return deletions;
}
