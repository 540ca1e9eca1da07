/**
 * Comments that silence rules: `# porthole ignore=PW001,DL3000`, `# hadolint ignore=DL3000` for the next instruction;
 * `# porthole global ignore=…`, `# hadolint global ignore=…` for the file; BuildKit's `# check=skip=Rule` directive.
 * One that silences nothing is itself reported.
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
  readonly origin: 'porthole' | 'hadolint' | 'check';
}

const pragma = /^(porthole|hadolint)\s+(global\s+)?ignore\s*=\s*(.*)$/i;

export function readSuppressions(tree: SyntaxTree, override?: string): Suppression[] {
  const found: Suppression[] = [];
  for (const comment of commentsOf(tree)) {
    found.push(...checkSkips(tree, comment));
    const match = pragma.exec(comment.text);
    if (match === null) continue;
    const [, origin, global, list] = match as unknown as [string, string, string | undefined, string];
    const lines = global === undefined ? linesBelow(tree, comment) : undefined;
    // A pragma above nothing covers nothing, and so will be reported as unused.
    const covered = global === undefined ? (lines ?? ([0, 0] as const)) : undefined;
    const listAt = tree.source.text.indexOf(list, comment.range.start + comment.text.length - list.length);
    for (const rule of splitRules(list)) {
      const start = Math.max(listAt, 0) + rule.offset;
      found.push({
        rule: rule.name,
        range: { start, end: start + rule.name.length },
        lines: covered,
        origin: origin.toLowerCase() as 'porthole' | 'hadolint',
      });
    }
  }
  const check = tree.directives.find((directive) => directive.name === 'check');
  for (const rule of checkOptions(tree, override).skip) {
    found.push({ rule, range: check?.range ?? { start: 0, end: 0 }, lines: undefined, origin: 'check' });
  }
  return found;
}

/** `# check=skip=A,B` above one instruction: only for that one. As a directive at the file's top it is for the whole file. */
function checkSkips(tree: SyntaxTree, comment: CommentLine): Suppression[] {
  const match = /^check\s*=\s*skip\s*=\s*([\w,\s-]+)/i.exec(comment.text);
  if (match === null || comment.directive !== undefined) return [];
  const lines = linesBelow(tree, comment) ?? ([0, 0] as const);
  return splitRules((match[1] ?? '').replace(/\s\S.*$/, '')).map(({ name }) => ({
    rule: name,
    range: comment.range,
    lines,
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
  return tree.items.flatMap((item) =>
    item.type === 'comment' ? [item] : item.type === 'instruction' ? [...item.innerComments] : [],
  );
}

/** The instruction that the comment stands above or inside of. */
function linesBelow(tree: SyntaxTree, comment: CommentLine): readonly [number, number] | undefined {
  const { instructions } = tree;
  let low = 0;
  let high = instructions.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (instructions[middle]!.lines[1] < comment.line) low = middle + 1;
    else high = middle;
  }
  return instructions[low]?.lines;
}

function splitRules(list: string): { name: string; offset: number }[] {
  return [...list.matchAll(/[A-Za-z][\w-]*/g)].map((match) => ({ name: match[0], offset: match.index }));
}
