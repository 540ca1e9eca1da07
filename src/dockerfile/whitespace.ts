/**
 * Blanks as the reference parser sees them: Go's `unicode.IsSpace` for trimming, and the narrower set
 * `[\t\v\f\r ]` that separates words (dockerfile.md 1.4). JavaScript's own `trim` differs (U+0085, U+FEFF).
 */
const space = /[\t\n\v\f\r \u0085\u00A0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000]/;

export function isSpace(code: number): boolean {
  if (code <= 0x20) return code === 0x20 || (code >= 9 && code <= 13);
  if (code < 0x85) return false;
  return space.test(String.fromCharCode(code));
}

/** Tab, vertical tab, form feed, carriage return, space: what separates the words of an instruction. */
export function isBlank(code: number): boolean {
  return code === 0x20 || code === 9 || (code >= 11 && code <= 13);
}

/** Index of the first character of `text` from `from` that is not a space. */
export function skipSpaces(text: string, from = 0, end = text.length): number {
  let at = from;
  for (; at < end; at++) {
    const code = text.charCodeAt(at);
    // Blanks are nearly all that comes: they need no call.
    if (code !== 0x20 && !isSpace(code)) break;
  }
  return at;
}

/** Index after the last character of `text` before `end` that is not a space, at least `from`. */
export function trimEndIndex(text: string, from = 0, end = text.length): number {
  let at = end;
  while (at > from && isSpace(text.charCodeAt(at - 1))) at--;
  return at;
}

/** Index after the last character that is no carriage return or line feed. */
export function lineEndIndex(text: string): number {
  let end = text.length;
  while (end > 0 && (text.charCodeAt(end - 1) === 13 || text.charCodeAt(end - 1) === 10)) end--;
  return end;
}

export function trimSpaces(text: string): string {
  const start = skipSpaces(text);
  return text.slice(start, trimEndIndex(text, start));
}
