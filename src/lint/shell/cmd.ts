import { asciiTable, CommandCollector, shellWord, type ShellText } from './script.ts';

/** Of one line. */
const blanks = /[^\S\n]+/y;
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
    // One blank is what mostly comes.
    if (code === 32) {
      at++;
      continue;
    }
    if (code !== 10 && (code < 32 || code > 127)) {
      blanks.lastIndex = at;
      if (blanks.test(text)) {
        at = blanks.lastIndex;
        continue;
      }
    }
    const char = text[at]!;
    if (char === '\n') {
      out.operator('\n', at++);
      atStart = true;
    } else if (char === '&' || char === '|') {
      const operator = text[at + 1] === char ? char + char : char;
      out.operator(operator, at);
      at += operator.length;
      atStart = true;
    } else if (char === '(' && atStart) {
      brackets++;
      out.operator('(', at++);
    } else if (char === ')' && brackets > 0) {
      brackets--;
      out.operator(')', at++);
    } else {
      const redirect = mayRedirect(char, text[at + 1]) ? redirection.exec(text.slice(at, at + 5)) : null;
      if (redirect !== null) {
        at += redirect[0].length;
        if (redirect[2] === undefined) out.redirect();
        continue;
      }
      plain.lastIndex = at;
      const stop = plain.test(text) ? plain.lastIndex : at;
      if (stop > at && (stop === text.length || endsWordCode[text.charCodeAt(stop)] === 1)) {
        const value = text.slice(at, stop);
        out.word({ text: value, value, start: at, end: stop });
        at = stop;
      } else {
        const { end, value } = readWord(text, at, brackets > 0);
        out.word(shellWord(text, value, at, end));
        at = end;
      }
      atStart = false;
    }
  }
  return out.finish();
}

const redirection = /^\d?(>>?|<)(&\d)?/;

function mayRedirect(char: string, next: string | undefined): boolean {
  return char === '<' || char === '>' || next === '<' || next === '>';
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
