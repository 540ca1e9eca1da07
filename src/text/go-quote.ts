/** Go's `%q` and `strconv.Quote`: how Docker's messages and templates print quoted text (https://pkg.go.dev/strconv#Quote). */

const named: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
};

/** Go's `unicode.IsPrint`: letters, marks, numbers, punctuation, symbols and the ASCII space. */
function isPrintable(character: string): boolean {
  // Latin, Greek, dashes, quotes and dots, without compiling the classes below.
  if (/^[\xa1-\xac\xae-\u024f\u2010-\u2027\u2030-\u205e]$/.test(character)) return true;
  return /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(character);
}

function escapeCharacter(character: string, quote: string, asciiOnly: boolean): string {
  if (character === quote) return '\\' + quote;
  const name = named[character];
  if (name !== undefined) return name;
  const code = character.codePointAt(0)!;
  if (code < 0x80 ? code >= 0x20 && code !== 0x7f : !asciiOnly && isPrintable(character)) return character;
  if (code < 0x80) return '\\x' + code.toString(16).padStart(2, '0');
  if (code >= 0xd800 && code <= 0xdfff) return '\\ufffd';
  return code < 0x10000
    ? '\\u' + code.toString(16).padStart(4, '0')
    : '\\U' + code.toString(16).padStart(8, '0');
}

/** `strconv.Quote`: double quotes, Go escapes. `asciiOnly` is `%+q`. */
export function quoteGo(text: string, asciiOnly = false): string {
  // Nothing to escape, as nearly always.
  if (/^[ !#-[\]-~]*$/.test(text) || (!asciiOnly && /^[ !#-[\]-~\u2026]*$/.test(text))) return `"${text}"`;
  let quoted = '"';
  for (const character of text) quoted += escapeCharacter(character, '"', asciiOnly);
  return quoted + '"';
}

/** `strconv.QuoteRune`: `'z'`. */
export function quoteRune(codePoint: number, asciiOnly = false): string {
  const character = codePoint > 0x10ffff || codePoint < 0 ? '\ufffd' : String.fromCodePoint(codePoint);
  return "'" + escapeCharacter(character, "'", asciiOnly) + "'";
}
