/**
 * Comments that silence rules: `# porthole ignore=PW001,DL3000`, `# hadolint ignore=DL3000 # why` for the next instruction; with
 * `stage` before `ignore` from the next instruction to the end of its stage, with `global` for the file; BuildKit's
 * `# check=skip=Rule` directive. One that silences nothing is itself reported. `# hadolint shell=NAME` is no suppression:
 * it tells which shell the base image set.
 */
import { noCheckOptions, parseCheckOptions, type CheckOptions } from '../dockerfile/check-options.ts';
import type { SourceRange } from '../dockerfile/source.ts';
import type { CommentLine, SyntaxTree } from '../dockerfile/tree.ts';

export interface Suppression {
  /** As written; compared without regard to case. */
  readonly rule: string;
  /** Where the rule's name stands. */
  readonly range: SourceRange;
  /** Lines it covers; undefined = the whole file. */
  readonly lines: readonly [first: number, last: number] | undefined;
  readonly scope: 'instruction' | 'stage' | 'file';
  readonly origin: 'porthole' | 'hadolint' | 'check';
}

/** Comments that are for a linter at all; whether a file may have one is asked first, because most have none. */
const addressed = /^(?:porthole|hadolint|check)[\s=]/i;
const mayHoldOne = /#[\s\u0085]*(?:porthole|hadolint|check)/i;

function addressedComments(tree: SyntaxTree): CommentLine[] {
  return mayHoldOne.test(tree.source.text) ? commentsOf(tree).filter(({ text }) => addressed.test(text)) : [];
}

const pragma = /^(porthole|hadolint)\s+(?:(global|stage)\s+)?ignore\s*=\s*(.*)$/i;

export function readSuppressions(tree: SyntaxTree, override?: string): Suppression[] {
  const found: Suppression[] = [];
  for (const comment of addressedComments(tree)) {
    found.push(...checkSkips(tree, comment));
    const match = pragma.exec(comment.text);
    if (match === null) continue;
    const [, origin, wide, list] = match as unknown as [string, string, string | undefined, string];
    const scope = wide === undefined ? 'instruction' : wide.toLowerCase() === 'stage' ? 'stage' : 'file';
    const lines = scope === 'stage' ? stageBelow(tree, comment) : linesBelow(tree, comment);
    // A pragma above nothing covers nothing, and so will be reported as unused.
    const covered = scope === 'file' ? undefined : (lines ?? ([0, 0] as const));
    const listAt = tree.source.text.indexOf(list, comment.range.start + comment.text.length - list.length);
    for (const rule of splitRules(list)) {
      const start = Math.max(listAt, 0) + rule.offset;
      found.push({
        rule: rule.name,
        range: { start, end: start + rule.name.length },
        lines: covered,
        scope,
        origin: origin.toLowerCase() as 'porthole' | 'hadolint',
      });
    }
  }
  const check = tree.directives.find((directive) => directive.name === 'check');
  for (const rule of checkOptions(tree, override).skip) {
    found.push({
      rule,
      range: check?.range ?? { start: 0, end: 0 },
      lines: undefined,
      scope: 'file',
      origin: 'check',
    });
  }
  return found;
}

/** `# check=skip=A,B` above one instruction: only for that one. As a directive at the file's top it is for the whole file. */
function checkSkips(tree: SyntaxTree, comment: CommentLine): Suppression[] {
  const match = /^check\s*=\s*skip\s*=\s*([\w,\s-]+)/i.exec(comment.text);
  if (match === null || comment.directive !== undefined) return [];
  const lines = linesBelow(tree, comment) ?? ([0, 0] as const);
  return splitRules(match[1] ?? '').map(({ name }) => ({
    rule: name,
    range: comment.range,
    lines,
    scope: 'instruction',
    origin: 'check',
  }));
}

/** The `# check=` directive; a broken one counts as absent here (the parser reports it). */
export function checkOptions(tree: SyntaxTree, override?: string): CheckOptions {
  const value = override ?? tree.directives.find((directive) => directive.name === 'check')?.value;
  if (value === undefined) return noCheckOptions;
  try {
    return parseCheckOptions(value);
  } catch {
    return noCheckOptions;
  }
}

export function commentsOf(tree: SyntaxTree): CommentLine[] {
  const found: CommentLine[] = [];
  for (const item of tree.items) {
    if (item.type === 'comment') found.push(item);
    else if (item.type === 'instruction') for (const comment of item.innerComments) found.push(comment);
  }
  return found;
}

/** `# hadolint shell=powershell`: the base image set this shell, which the file cannot tell. */
export function shellPragmas(tree: SyntaxTree): { readonly line: number; readonly shell: string }[] {
  return addressedComments(tree).flatMap(({ text, line }) => {
    const shell = /^(?:porthole|hadolint)\s+shell\s*=\s*(\S+)/i.exec(text)?.[1];
    return shell === undefined ? [] : [{ line, shell }];
  });
}

/** The instruction that the comment stands above or inside of. */
function linesBelow(tree: SyntaxTree, comment: CommentLine): readonly [number, number] | undefined {
  return tree.instructions[indexBelow(tree, comment)]?.lines;
}

/** From that instruction to the last one before the next FROM. */
function stageBelow(tree: SyntaxTree, comment: CommentLine): readonly [number, number] | undefined {
  const { instructions } = tree;
  const first = indexBelow(tree, comment);
  if (first >= instructions.length) return undefined;
  let last = first;
  while (last + 1 < instructions.length && instructions[last + 1]!.name !== 'from') last++;
  return [instructions[first]!.lines[0], instructions[last]!.lines[1]];
}

function indexBelow({ instructions }: SyntaxTree, comment: CommentLine): number {
  let low = 0;
  let high = instructions.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (instructions[middle]!.lines[1] < comment.line) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Names between commas; what follows them is for readers. */
function splitRules(text: string): { name: string; offset: number }[] {
  const list = /^\s*[A-Za-z][\w-]*(?:[\s,]*,\s*[A-Za-z][\w-]*)*/.exec(text)?.[0] ?? '';
  return [...list.matchAll(/[A-Za-z][\w-]*/g)].map((match) => ({ name: match[0], offset: match.index }));
}
