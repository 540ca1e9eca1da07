import { encodeSource } from './source.ts';
import type { SourceRange } from './source.ts';
import type { SyntaxTree } from './tree.ts';

/** The text of a tree: what its items hold, one after the other. For an unchanged tree it is the file. */
export function printTree(tree: SyntaxTree): string {
  return tree.items.map((item) => tree.source.slice(item.range)).join('');
}

/** The bytes of a tree: for an unchanged tree, byte for byte those of the file. */
export function printTreeBytes(tree: SyntaxTree): Uint8Array {
  return encodeSource(printTree(tree), tree.source.encoding);
}

export interface SourceEdit {
  readonly range: SourceRange;
  readonly text: string;
}

/** The file with edits made. Edits may come in any order; one that overlaps an earlier one (by place) is left out. */
export function applyEdits(tree: SyntaxTree, edits: readonly SourceEdit[]): string {
  const ordered = [...edits].sort(
    (one, other) => one.range.start - other.range.start || one.range.end - other.range.end,
  );
  const { text } = tree.source;
  let result = '';
  let copied = 0;
  for (const { range, text: replacement } of ordered) {
    if (range.start < copied) continue;
    result += text.slice(copied, range.start) + replacement;
    copied = range.end;
  }
  return result + text.slice(copied);
}
