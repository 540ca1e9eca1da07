/**
 * Formatting that a build does not notice: keywords in upper case, no blanks at line ends, one blank after a keyword,
 * continuation lines moved together to one step of indentation. Every instruction is read again after its edits, and what
 * would not read the same stays as it was.
 */
import { isInstructionName } from '../dockerfile/node.ts';
import { parseSyntax } from '../dockerfile/parse.ts';
import { applyEdits, type SourceEdit } from '../dockerfile/print.ts';
import { SourceText, type SourceRange } from '../dockerfile/source.ts';
import type { InstructionNode, SyntaxTree } from '../dockerfile/tree.ts';
import type { LintFile, Shell } from '../lint/model.ts';
import { sameInstruction, sameMeaning } from './meaning.ts';
import { JoinReader } from './shell-joins.ts';
import { withoutBlanks, withoutReturns } from './line-ends.ts';

export interface FormatOptions {
  readonly tabSize: number;
  readonly insertSpaces: boolean;
  /** Undefined = true. */
  readonly insertFinalNewline?: boolean | undefined;
  readonly trimFinalNewlines?: boolean | undefined;
}

/** Edits in the order of the file; none when nothing is to be done. */
export function formatEdits(file: LintFile, options: FormatOptions): SourceEdit[] {
  const { tree } = file.dockerfile;
  const shells = shellsOf(file);
  const edits: SourceEdit[] = [];
  let afterInstruction = false;
  const tail = tailStart(tree, options);
  for (const item of tree.items) {
    if (item.range.start >= tail) break;
    if (item.type === 'blank') edits.push(...lineEdits(tree, tree.source.lineAt(item.range.start)));
    if (item.type === 'comment' && item.directive === undefined) {
      // Above the first instruction an indented comment is no directive for every reader: it stays indented.
      edits.push(...lineEdits(tree, item.line, afterInstruction ? '' : undefined));
    }
    if (item.type !== 'instruction') continue;
    afterInstruction = true;
    edits.push(...instructionEdits(tree, item, shells.get(item), options));
  }
  edits.push(...endEdits(tree, options, tail));
  if (edits.length === 0) return [];
  const after = parseSyntax(new SourceText(applyEdits(tree, edits), tree.source.encoding), {
    escape: tree.escape,
  });
  return sameMeaning(tree, after) ? edits : [];
}

export function formatText(file: LintFile, options: FormatOptions): string {
  return applyEdits(file.dockerfile.tree, formatEdits(file, options));
}

/** The shells that read the texts of RUN, CMD and ENTRYPOINT. */
function shellsOf(file: LintFile): ReadonlyMap<InstructionNode, Shell> {
  const found = new Map<InstructionNode, Shell>();
  for (const { instruction, shell } of file.stages.flatMap(({ instructions }) => instructions)) {
    const { kind } = instruction;
    if (kind === 'run' || kind === 'cmd' || kind === 'entrypoint') found.set(instruction.node, shell.kind);
  }
  return found;
}

function instructionEdits(
  tree: SyntaxTree,
  node: InstructionNode,
  shell: Shell | undefined,
  options: FormatOptions,
): SourceEdit[] {
  if (node.broken || !isInstructionName(node.name)) return [];
  const small = [...keywordEdits(tree, node), ...blankEdits(tree, node)];
  const indented = [...small, ...indentEdits(tree, node, shell, options)];
  for (const edits of [indented, small]) {
    if (edits.length > 0 && keepsMeaning(tree, node, edits)) return inOrder(edits);
  }
  return [];
}

const inOrder = (edits: readonly SourceEdit[]): SourceEdit[] =>
  edits.toSorted((one, other) => one.range.start - other.range.start);

/** The instruction alone, with the file's escape, before and after. */
function keepsMeaning(tree: SyntaxTree, node: InstructionNode, edits: readonly SourceEdit[]): boolean {
  const { start, end } = node.range;
  const read = (text: string) =>
    parseSyntax(new SourceText(text, tree.source.encoding), { escape: tree.escape }).instructions;
  const before = tree.source.slice({ start, end });
  const shifted = edits.map(({ range, text }) => ({
    range: { start: range.start - start, end: range.end - start },
    text,
  }));
  const after = applyEdits({ ...tree, source: new SourceText(before, tree.source.encoding) }, shifted);
  const [one, other] = [read(before), read(after)];
  return one.length === 1 && other.length === 1 && sameInstruction(one[0]!, other[0]!);
}

function edit(tree: SyntaxTree, range: SourceRange, text: string): SourceEdit[] {
  return tree.source.slice(range) === text ? [] : [{ range, text }];
}

/** Keyword, ONBUILD's inner keyword, FROM's AS, and the blank after the keyword. */
function keywordEdits(tree: SyntaxTree, node: InstructionNode): SourceEdit[] {
  const edits: SourceEdit[] = [];
  const keyword = node.keyword.range();
  // A keyword that a continuation cuts in two is left alone.
  if (tree.source.slice(keyword) !== node.keyword.text) return [];
  edits.push(...edit(tree, keyword, node.name.toUpperCase()));
  const blanks = /^[ \t]+(?=\S)/.exec(tree.source.text.slice(keyword.end, keyword.end + 200))?.[0];
  if (blanks !== undefined) {
    edits.push(...edit(tree, { start: keyword.end, end: keyword.end + blanks.length }, ' '));
  }
  const as = node.name === 'from' && node.args.length === 3 ? node.args[1] : undefined;
  const inner =
    node.inner !== undefined && isInstructionName(node.inner.name) ? node.inner.keyword : undefined;
  for (const word of [as, inner]) {
    if (word === undefined || tree.source.slice(word.range()) !== word.text) continue;
    if (word === as && word.text.toLowerCase() !== 'as') continue;
    edits.push(...edit(tree, word.range(), word.text.toUpperCase()));
  }
  return edits;
}

/** Lines of the instruction itself, without its here-documents. */
function ownLines(tree: SyntaxTree, node: InstructionNode): [first: number, last: number] {
  const body = node.heredocs[0];
  if (body === undefined) return [node.lines[0], node.lines[1]];
  return [node.lines[0], tree.source.lineAt(body.range.start) - 1];
}

function blankEdits(tree: SyntaxTree, node: InstructionNode): SourceEdit[] {
  const [first, last] = ownLines(tree, node);
  const edits = lineEdits(tree, first, '');
  for (let line = first + 1; line <= last; line++) edits.push(...lineEdits(tree, line));
  return edits;
}

/** Blanks at the end of a line removed, and its indentation replaced when one is given. */
function lineEdits(tree: SyntaxTree, line: number, indent?: string): SourceEdit[] {
  const { start, end, text } = lineText(tree, line);
  const content = withoutBlanks(text);
  const edits = edit(tree, { start: start + content.length, end }, '');
  if (indent === undefined || content === '') return edits;
  const blanks = /^[ \t]*/.exec(content)![0];
  return [...edit(tree, { start, end: start + blanks.length }, indent), ...edits];
}

/** A line without its line end and byte-order mark. */
function lineText(tree: SyntaxTree, line: number): { start: number; end: number; text: string } {
  const { source } = tree;
  const start = line === 1 ? source.markLength : source.lineStart(line);
  const text = withoutReturns(source.text.slice(start, source.lineStart(line) + source.line(line).length));
  return { start, end: start + text.length, text };
}

/** Moves continuation lines together: the one that stands furthest left goes to one step. */
function indentEdits(
  tree: SyntaxTree,
  node: InstructionNode,
  shell: Shell | undefined,
  options: FormatOptions,
): SourceEdit[] {
  const [first, last] = ownLines(tree, node);
  const inner = new Set(node.innerComments.map(({ line }) => line));
  const blank = new Set(node.emptyContinuations);
  const joins = new Joins(node, shell);
  const lines: { start: number; blanks: string }[] = [];
  for (let line = first + 1; line <= last; line++) {
    if (blank.has(line)) continue;
    const { start, text } = lineText(tree, line);
    const blanks = /^[ \t]*/.exec(text)![0];
    if (inner.has(line) || joins.mayMove(start, blanks)) lines.push({ start, blanks });
  }
  const least = lines.reduce((so, { blanks }) => Math.min(so, widthOf(blanks, options.tabSize)), Infinity);
  return lines.flatMap(({ start, blanks }) => {
    const width = widthOf(blanks, options.tabSize) - least + options.tabSize;
    return edit(tree, { start, end: start + blanks.length }, indentOf(width, options));
  });
}

/** The places of an instruction where its lines meet, asked for from top to bottom. */
class Joins {
  readonly #pieces: readonly { readonly text: string; readonly source: number }[];
  readonly #reader: JoinReader | undefined;
  readonly #never: boolean;
  #next = 0;
  #before = '';

  constructor(node: InstructionNode, shell: Shell | undefined) {
    const { name } = node;
    const isShell = name === 'run' || name === 'cmd' || name === 'entrypoint';
    this.#never = name === 'onbuild' || name === 'healthcheck' || name === 'maintainer';
    this.#reader = isShell && !node.json ? new JoinReader(shell ?? 'other') : undefined;
    // The keyword is no part of what a shell reads.
    const keyword = node.text.text.indexOf(node.keyword.text) + node.keyword.text.length;
    this.#pieces = node.text.pieces(Math.min(keyword, node.text.text.length));
  }

  /** True when the blanks at `start`, where a line begins, separate words and do nothing else. */
  mayMove(start: number, blanks: string): boolean {
    for (; this.#next < this.#pieces.length && this.#pieces[this.#next]!.source < start; this.#next++) {
      const { text } = this.#pieces[this.#next]!;
      this.#reader?.read(text);
      if (text !== '') this.#before = text;
    }
    // Without a blank on either side the lines are one word.
    if (this.#never || (blanks === '' && !/[ \t]$/.test(this.#before.slice(-1)))) return false;
    return this.#reader?.isFree() ?? true;
  }
}

function widthOf(blanks: string, tabSize: number): number {
  let width = 0;
  for (const blank of blanks) width += blank === '\t' ? tabSize - (width % tabSize) : 1;
  return width;
}

function indentOf(width: number, { tabSize, insertSpaces }: FormatOptions): string {
  if (insertSpaces) return ' '.repeat(width);
  return '\t'.repeat(Math.floor(width / tabSize)) + ' '.repeat(width % tabSize);
}

/** Blank lines at the end that are to go; an empty file keeps its own. */
function tailStart(tree: SyntaxTree, options: FormatOptions): number {
  const { items, source } = tree;
  const kept = items.findLastIndex(({ type }) => type !== 'blank');
  const tail = items[kept + 1];
  return options.trimFinalNewlines === true && kept >= 0 && tail !== undefined
    ? tail.range.start
    : source.text.length;
}

function endEdits(tree: SyntaxTree, options: FormatOptions, tail: number): SourceEdit[] {
  const { text } = tree.source;
  const end = text.length;
  if (tail < end) return [{ range: { start: tail, end }, text: '' }];
  const last = tree.items.at(-1);
  if (last === undefined || last.type === 'mark' || last.type === 'blank') return [];
  const lastLine = tree.source.line(tree.source.lineCount);
  if (lastLine.trim() === '') return [];
  if (options.insertFinalNewline === false || (last.type === 'instruction' && last.broken)) return [];
  return [{ range: { start: end, end }, text: /\r?\n/.exec(text)?.[0] ?? '\n' }];
}
