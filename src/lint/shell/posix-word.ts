/** One word of a POSIX shell's text: quotes, escapes, expansions and substitutions. */
import type { ShellWord } from './script.ts';

export interface PosixWord extends ShellWord {
  /** Insides of `$(…)`, backquotes, `<(…)` and `>(…)`, whose text is shell again. */
  readonly substitutions: readonly { readonly start: number; readonly end: number }[];
}

const noSubstitutions: PosixWord['substitutions'] = [];

type Closer = '"' | ')' | '}' | '`';

/** Characters that stand for themselves, outside and inside of double quotes. */
const plain = /[^\s;&|()<>\\"'`$]+/y;
const inQuotes = /[^\\"`$]+/y;

/**
 * Reads the word at `start`; always at least one character. Its value keeps expansions as they are written. Text that is
 * never closed belongs to the word to the end.
 */
export function readPosixWord(text: string, start: number, limit: number): PosixWord {
  let substitutions: { start: number; end: number }[] | undefined;
  let value = '';
  let at = start;
  let quoted = false;
  const substitution = (end: number, open: number): void => {
    const closed = text[end - 1] === (text[at] === '`' ? '`' : ')');
    const inside = { start: at + open, end: closed ? end - 1 : end };
    // `$((` is arithmetic.
    if (text[inside.start] !== '(' || open === 1) (substitutions ??= []).push(inside);
    value += text.slice(at, end);
    at = end;
  };
  while (at < limit) {
    const skip = quoted ? inQuotes : plain;
    skip.lastIndex = at;
    if (skip.test(text)) {
      const stop = Math.min(skip.lastIndex, limit);
      value += text.slice(at, stop);
      at = stop;
      continue;
    }
    const char = text[at]!;
    const next = at + 1 < limit ? text[at + 1] : undefined;
    if (char === '\\' && next !== undefined) {
      if (next === '\n') at += 2;
      else if (quoted && !/["\\$`]/.test(next)) {
        value += char + next;
        at += 2;
      } else {
        value += next;
        at += 2;
      }
    } else if (char === '"') {
      quoted = !quoted;
      at++;
    } else if (char === '$' && next === '(') {
      substitution(endOfQuoted(text, at + 2, limit, ')'), 2);
    } else if (char === '$' && next === '{') {
      const end = endOfQuoted(text, at + 2, limit, '}');
      value += text.slice(at, end);
      at = end;
    } else if (char === '`') {
      substitution(endOfQuoted(text, at + 1, limit, '`'), 1);
    } else if (quoted) {
      value += char;
      at++;
    } else if (char === "'" || (char === '$' && next === "'")) {
      const ansi = char === '$';
      const end = endOfSingle(text, at + (ansi ? 2 : 1), limit, ansi);
      const inside = text.slice(at + (ansi ? 2 : 1), text[end - 1] === "'" ? end - 1 : end);
      value += ansi ? inside.replace(/\\(['"\\])/g, '$1') : inside;
      at = end;
    } else if (/[<>]/.test(char) && next === '(' && at === start) {
      substitution(endOfQuoted(text, at + 2, limit, ')'), 2);
    } else if (char === '(' && /^[A-Za-z_]\w*\+?=$/.test(text.slice(start, at))) {
      const end = endOfQuoted(text, at + 1, limit, ')');
      value += text.slice(at, end);
      at = end;
    } else if (/[\s;&|()<>]/.test(char)) {
      break;
    } else {
      value += char;
      at++;
    }
  }
  const end = Math.max(at, Math.min(start + 1, limit));
  const written = text.slice(start, end);
  return {
    text: written,
    value: value === written ? written : value,
    start,
    end,
    substitutions: substitutions ?? noSubstitutions,
  };
}

function endOfSingle(text: string, start: number, limit: number, escapes: boolean): number {
  for (let at = start; at < limit; at++) {
    if (escapes && text[at] === '\\') at++;
    else if (text[at] === "'") return at + 1;
  }
  return limit;
}

/** After the `closer` of what was opened before `start`, looking through all that is nested; `limit` when it never closes. */
export function endOfQuoted(text: string, start: number, limit: number, closer: Closer): number {
  const open: Closer[] = [closer];
  for (let at = start; at < limit; at++) {
    const char = text[at]!;
    const inside = open.at(-1)!;
    if (char === '\\') at++;
    else if (char === inside) {
      open.pop();
      if (open.length === 0) return at + 1;
    } else if (char === '$' && (text[at + 1] === '(' || text[at + 1] === '{')) {
      at++;
      open.push(text[at] === '(' ? ')' : '}');
    } else if (char === '`' && !open.includes('`')) open.push('`');
    else if (char === '"' && inside !== '"') open.push('"');
    else if (char === "'" && inside !== '"' && !(inside === '}' && open.at(-2) === '"')) {
      at = endOfSingle(text, at + 1, limit, false) - 1;
    } else if (char === '(' && inside === ')') open.push(')');
    else if (char === '#' && inside === ')' && /\s/.test(text[at - 1] ?? '')) {
      const end = text.indexOf('\n', at);
      if (end >= 0 && end < limit) at = end;
    }
  }
  return limit;
}
