import { asciiTable, CommandCollector, shellWord, skipBlanks, type ShellText } from './script.ts';

/** Characters that stand for themselves. */
const plain = /[^\s&|<>^")]+/y;
/** In brackets and outside of them. */
const endsWord = /[\s&|<>]/;
const endsWordCode = asciiTable(endsWord);
const inQuotes = /[^"]+/y;

/**
 * Splits a cmd.exe line: `&&`, `||`, `&`, `|`, brackets and redirections outside double quotes, `^` escaping one character.
 * A bracket is one only where a command may begin or end. Single quotes mean nothing to cmd. Never throws.
 */
export function readCmd(text: string): ShellText {
  const out = new CommandCollector();
  let at = 0;
  let brackets = 0;
  let atStart = true;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    // One blank is what mostly comes, and then a word.
    if (code === 32) {
      at++;
      continue;
    }
    if (beginsWord[code] !== 1) {
      if (code !== 10 && (code < 32 || code > 127)) {
        const afterBlanks = skipBlanks(text, at);
        if (afterBlanks > at) {
          at = afterBlanks;
          continue;
        }
      }
      const char = text[at]!;
      const next = text[at + 1];
      if (char === '\n') {
        out.operator('\n', at++);
        atStart = true;
        continue;
      }
      if (char === '&' || char === '|') {
        const operator = next === char ? char + char : char;
        out.operator(operator, at);
        at += operator.length;
        atStart = true;
        continue;
      }
      if (char === '(' && atStart) {
        brackets++;
        out.operator('(', at++);
        continue;
      }
      if (char === ')' && brackets > 0) {
        brackets--;
        out.operator(')', at++);
        continue;
      }
      const redirect = mayRedirect(char, next) ? redirection.exec(text.slice(at, at + 5)) : null;
      if (redirect !== null) {
        at += redirect[0].length;
        if (redirect[2] === undefined) out.redirect();
        continue;
      }
    }
    at = word(text, at, brackets > 0, out);
    atStart = false;
  }
  return out.finish();
}

/** Letters and what else begins a word wherever it stands. */
const beginsWord = asciiTable(/[A-Za-z\-/.\\:_'"%@=,+]/);

const redirection = /^\d?(>>?|<)(&\d)?/;

function mayRedirect(char: string, next: string | undefined): boolean {
  return char === '<' || char === '>' || next === '<' || next === '>';
}

function word(text: string, start: number, bracketed: boolean, out: CommandCollector): number {
  plain.lastIndex = start;
  const stop = plain.test(text) ? plain.lastIndex : start;
  // Most words end here.
  if (stop > start && (stop === text.length || endsWordCode[text.charCodeAt(stop)] === 1)) {
    const value = text.slice(start, stop);
    out.word({ text: value, value, start, end: stop });
    return stop;
  }
  const { end, value } = readWord(text, start, bracketed);
  out.word(shellWord(text, value, start, end));
  return end;
}

function readWord(text: string, start: number, bracketed: boolean): { end: number; value: string } {
  let value = '';
  let quoted = false;
  let at = start;
  for (; at < text.length; at++) {
    const skip = quoted ? inQuotes : plain;
    skip.lastIndex = at;
    if (skip.test(text)) {
      value += text.slice(at, skip.lastIndex);
      at = skip.lastIndex;
      if (at === text.length) break;
    }
    const char = text[at]!;
    if (char === '"') {
      quoted = !quoted;
      continue;
    }
    if (!quoted && char === '^' && at + 1 < text.length) {
      value += text[++at]!;
      continue;
    }
    if (!quoted && (endsWord.test(char) || (bracketed && char === ')'))) break;
    value += char;
  }
  return { end: at, value };
}
