import { asciiTable, CommandCollector, shellWord, skipBlanks, type ShellText } from './script.ts';

/**
 * Splits PowerShell text into commands: quotes (`''` and `""` inside stand for one), backticks, here-strings, comments,
 * `;`, pipelines, `&&`, `||`, blocks and line ends. Variables stay as they are written. Never throws.
 */
export function readPowershell(text: string): ShellText {
  const out = new CommandCollector();
  let at = 0;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    // Variables too, but for `$(`.
    if (beginsWord[code] === 1 || (code === dollar && text.charCodeAt(at + 1) !== bracket)) {
      at = word(text, at, out);
      continue;
    }
    // One blank is what mostly comes.
    if (code === 32) {
      at++;
      continue;
    }
    const afterBlanks = skipBlanks(text, at);
    if (afterBlanks > at) {
      at = afterBlanks;
      continue;
    }
    const char = text[at]!;
    const next = text[at + 1];
    if (char === '\n' || char === ';') {
      out.operator(char, at++);
    } else if (char === '<' && next === '#') {
      const end = text.indexOf('#>', at + 2);
      at = end < 0 ? text.length : end + 2;
    } else if (char === '#') {
      const end = text.indexOf('\n', at);
      at = end < 0 ? text.length : end;
    } else if ((char === '&' || char === '|') && next === char) {
      out.operator(char + char, at);
      at += 2;
    } else if (char === '&') {
      // The call operator: the command is the word after it.
      at++;
    } else if ('|(){}'.includes(char)) {
      out.operator(char, at++);
    } else if ((char === '$' || char === '@') && (next === '(' || (next === '{' && char === '@'))) {
      out.operator(next, at);
      at += 2;
    } else {
      const redirect = mayRedirect(char, next) ? redirection.exec(text.slice(at, at + 3)) : null;
      if (redirect !== null) {
        at += redirect[0].length;
        if (redirect[2] === undefined) out.redirect();
      } else at = word(text, at, out);
    }
  }
  return out.finish();
}

const dollar = 36;
const bracket = 40;

/** Letters and what else begins a word wherever it stands. */
const beginsWord = asciiTable(/[A-Za-z\-/.\\:_'"[%=,+]/);

const redirection = /^[\d*]?(>>?)(&\d)?/;

function mayRedirect(char: string, next: string | undefined): boolean {
  return char === '>' || next === '>';
}

/** Characters that stand for themselves in a word. */
const plain = /[^\s;|(){}'"`$&]+/y;
const endsWord = /[\s;|(){}]/;
const endsWordCode = asciiTable(endsWord);

function word(text: string, start: number, out: CommandCollector): number {
  plain.lastIndex = start;
  let at = plain.test(text) ? plain.lastIndex : start;
  let value = text.slice(start, at);
  // Most words end here.
  if (at > start && (at === text.length || endsWordCode[text.charCodeAt(at)] === 1)) {
    out.word({ text: value, value, start, end: at });
    return at;
  }
  const here = text[start] === '@' ? /^@(['"])[^\S\n]*\r?\n/.exec(text.slice(start, start + 80)) : null;
  if (here !== null) {
    const close = text.indexOf(`\n${here[1]!}@`, start + here[0].length - 1);
    const end = close < 0 ? text.length : close + 3;
    const body = text.slice(start + here[0].length, close < 0 ? text.length : close);
    out.word({ text: text.slice(start, end), value: body, start, end });
    return end;
  }
  while (at < text.length) {
    plain.lastIndex = at;
    if (plain.test(text)) {
      value += text.slice(at, plain.lastIndex);
      at = plain.lastIndex;
      continue;
    }
    const char = text[at]!;
    if (char === "'" || char === '"') {
      const { end, inner } = quoted(text, at);
      value += inner;
      at = end;
    } else if (char === '`' && at + 1 < text.length) {
      value += text[at + 1]!;
      at += 2;
    } else if (text.startsWith('${', at)) {
      const end = text.indexOf('}', at);
      const stop = end < 0 ? text.length : end + 1;
      value += text.slice(at, stop);
      at = stop;
    } else if (endsWord.test(char) || text.startsWith('&&', at)) {
      break;
    } else {
      value += char;
      at++;
    }
  }
  // A character that begins nothing still has to be passed.
  const end = Math.max(at, start + 1);
  out.word(shellWord(text, value, start, end));
  return end;
}

const inSingleQuotes = /[^']+/y;
const inDoubleQuotes = /[^"`]+/y;

function quoted(text: string, start: number): { end: number; inner: string } {
  const quote = text[start]!;
  let inner = '';
  let at = start + 1;
  for (; at < text.length; at++) {
    const skip = quote === '"' ? inDoubleQuotes : inSingleQuotes;
    skip.lastIndex = at;
    if (skip.test(text)) {
      inner += text.slice(at, skip.lastIndex);
      at = skip.lastIndex;
      if (at === text.length) break;
    }
    const char = text[at]!;
    if (char === '`' && quote === '"' && at + 1 < text.length) {
      inner += text[++at]!;
    } else if (char === quote) {
      if (text[at + 1] !== quote) return { end: at + 1, inner };
      inner += quote;
      at++;
    } else inner += char;
  }
  return { end: at, inner };
}
