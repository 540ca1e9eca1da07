import { expandWord } from './expand.ts';
import type { ExpandOptions } from './expand.ts';
import type { SourceRange } from './source.ts';

/** Here-documents (dockerfile.md 1.5). Their words are always lexed with `\`, whatever the escape directive says. */
export interface HeredocWord {
  readonly name: string;
  /** False when any part of the word was quoted. */
  readonly expand: boolean;
  /** `<<-`: leading tabs of the body are dropped when it is used. */
  readonly chomp: boolean;
  readonly fd: number;
}

export interface Heredoc extends HeredocWord {
  /** The body as it stands in the file, line ends included, tabs not yet dropped. */
  readonly content: string;
  /** Of the body, without the line of the terminator. */
  readonly range: SourceRange;
  /** The line of the terminator without its line end; undefined when it is missing. */
  readonly terminator: SourceRange | undefined;
}

const heredocShape = /^(\d*)<<(-?)[\t\n\f\r ]*([^<]*)$/;
const lexing: ExpandOptions = { escape: '\\', get: () => undefined, keepUnset: true };

/** The here-document that a word opens; undefined when it is none. Throws `ExpansionError` for unbalanced quotes. */
export function parseHeredocWord(word: string): HeredocWord | undefined {
  if (!word.includes('<<')) return undefined;
  const match = heredocShape.exec(word);
  const rest = match?.[3];
  if (!match || !rest) return undefined;
  const plain = expandWord(rest, lexing).words;
  if (plain.length !== 1) return undefined;
  const raw = expandWord(rest, { ...lexing, rawQuotes: true }).words;
  const name = plain[0]!;
  return {
    name,
    expand: countQuotes(name) === countQuotes(raw[0] ?? ''),
    chomp: match[2] === '-',
    fd: match[1] === '' ? 0 : Number(match[1]),
  };
}

/** The here-documents that a line opens, in order. A line whose quotes do not balance opens none. */
export function heredocsOfLine(line: string): HeredocWord[] {
  let words: readonly string[];
  try {
    words = expandWord(line, { ...lexing, rawQuotes: true, rawEscapes: true }).words;
  } catch {
    return [];
  }
  const heredocs: HeredocWord[] = [];
  for (const word of words) {
    const heredoc = parseHeredocWord(word);
    if (heredoc) heredocs.push(heredoc);
  }
  return heredocs;
}

/** A body as it is used: `<<-` drops the tabs at the start of every line. */
export function heredocText(heredoc: Pick<Heredoc, 'content' | 'chomp'>): string {
  return heredoc.chomp ? heredoc.content.replace(/(^|\n)\t+/g, '$1') : heredoc.content;
}

function countQuotes(text: string): number {
  let count = 0;
  for (const character of text) if (character === '"' || character === "'") count++;
  return count;
}
