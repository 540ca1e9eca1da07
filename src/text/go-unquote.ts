/** Go's string and character literals read back (https://pkg.go.dev/strconv#Unquote); undefined = invalid syntax. */

const named: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
};

const escape = /^\\(?:x([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([abfnrtv\\'"]))/;

function unquoteBody(body: string, quote: '"' | "'"): Uint8Array | undefined {
  const bytes: number[] = [];
  for (let index = 0; index < body.length;) {
    if (body[index] === quote) return undefined;
    if (body[index] !== '\\') {
      const character = String.fromCodePoint(body.codePointAt(index)!);
      bytes.push(...Buffer.from(character));
      index += character.length;
      continue;
    }
    const match = escape.exec(body.slice(index));
    if (!match) return undefined;
    const [whole, hex, octal, short, long, letter] = match;
    if (letter === (quote === '"' ? "'" : '"')) return undefined;
    if (letter !== undefined) bytes.push(...Buffer.from(named[letter]!));
    else if (hex !== undefined) bytes.push(parseInt(hex, 16));
    else if (octal !== undefined) {
      const value = parseInt(octal, 8);
      if (value > 255) return undefined;
      bytes.push(value);
    } else {
      const code = parseInt((short ?? long)!, 16);
      if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return undefined;
      bytes.push(...Buffer.from(String.fromCodePoint(code)));
    }
    index += whole.length;
  }
  return Uint8Array.from(bytes);
}

/** A `"..."` or raw literal. */
export function unquoteGo(literal: string): string | undefined {
  if (literal.startsWith('`')) return literal.slice(1, -1).replaceAll('\r', '');
  const bytes = unquoteBody(literal.slice(1, -1), '"');
  return bytes && Buffer.from(bytes).toString();
}

/** A `'x'` literal as its code point. */
export function unquoteRune(literal: string): number | undefined {
  const body = literal.slice(1, -1);
  const hex = /^\\(?:x([0-9a-fA-F]{2})|([0-7]{3}))$/.exec(body);
  if (hex) return hex[1] ? parseInt(hex[1], 16) : parseInt(hex[2]!, 8);
  const bytes = unquoteBody(body, "'");
  if (!bytes) return undefined;
  const text = Buffer.from(bytes).toString();
  const characters = [...text];
  return characters.length === 1 ? characters[0]!.codePointAt(0) : undefined;
}
