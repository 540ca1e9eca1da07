/** What the text around a position is, and what was written of it so far: the ground for completion and hover. */
import type { SourceText } from '../dockerfile/source.ts';
import { withoutBlanks, withoutReturns } from './line-ends.ts';
import type { CommentLine, InstructionNode, SyntaxItem, SyntaxTree } from '../dockerfile/tree.ts';

export type Cursor =
  | { readonly kind: 'line'; readonly before: string }
  | { readonly kind: 'comment'; readonly comment: CommentLine; readonly before: string }
  | { readonly kind: 'heredoc'; readonly node: InstructionNode }
  | {
      readonly kind: 'instruction';
      readonly node: InstructionNode;
      /** The logical line up to the position: continuations taken out. */
      readonly before: string;
    };

/** `line`: a blank line, on which an instruction or a comment may begin. */
export function cursorAt(tree: SyntaxTree, offset: number): Cursor {
  const { source } = tree;
  const item = itemAt(tree, offset);
  const lineStart = source.lineStart(source.lineAt(offset));
  const before = source.text.slice(Math.max(lineStart, source.markLength), offset);
  if (item?.type === 'comment') {
    return before.includes('#') ? { kind: 'comment', comment: item, before } : { kind: 'line', before };
  }
  if (item?.type !== 'instruction') return { kind: 'line', before };
  for (const { range, terminator } of item.heredocs) {
    if (offset >= range.start && offset <= (terminator?.end ?? range.end))
      return { kind: 'heredoc', node: item };
  }
  const inner = item.innerComments.find(({ range }) => offset >= range.start && offset < range.end);
  if (inner !== undefined && before.includes('#')) return { kind: 'comment', comment: inner, before };
  return { kind: 'instruction', node: item, before: logicalBefore(item, offset) };
}

function itemAt(tree: SyntaxTree, offset: number): SyntaxItem | undefined {
  const { items, source } = tree;
  let low = 0;
  let high = items.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (items[middle]!.range.start <= offset) low = middle;
    else high = middle - 1;
  }
  const item = items[low];
  if (item === undefined || offset < item.range.end || item.type === 'mark') {
    return item?.type === 'mark' ? undefined : item;
  }
  // At the very end: after a line end begins a new line, unless the instruction goes on there.
  if (!source.text.endsWith('\n')) return item;
  return item.type === 'instruction' && isOpen(item, tree.escape, source) ? item : undefined;
}

/** True when the last line of the file asks for another one. */
function isOpen(node: InstructionNode, escape: string, source: SourceText): boolean {
  if (node.heredocs.length > 0) return false;
  const doubled = escape + escape;
  for (let number = node.lines[1]; number >= node.lines[0]; number--) {
    const line = withoutBlanks(withoutReturns(source.line(number)));
    if (number > node.lines[0] && (line.trim() === '' || line.trimStart().startsWith('#'))) continue;
    return line.endsWith(escape) && !line.endsWith(doubled);
  }
  return false;
}

function logicalBefore(node: InstructionNode, offset: number): string {
  let before = '';
  for (const { text, source } of node.text.pieces()) {
    if (source >= offset) break;
    before += text.slice(0, offset - source);
  }
  return before;
}
