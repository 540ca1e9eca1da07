/**
 * Wine's registry files as text (linux-backend.md 13). A file is a head and blocks; a block is `[Key\\Sub] <unix time>`, lines
 * that begin with `#`, values `"Name"=value` or `@=value` (long ones continue after a backslash at the line's end), an empty
 * line. Names and values stay in Wine's escaped spelling: they are compared and copied, hardly ever decoded. Pure.
 */
export interface HiveBlock {
  /** Escaped, as between the brackets: `Software\\Microsoft`. */
  readonly key: string;
  /** The whole block, its empty line included. */
  readonly text: string;
}

export interface Hive {
  readonly head: string;
  /** By `foldKey(key)`, in file order. A key that appears twice is merged by Wine on load; here the later text is appended. */
  readonly blocks: Map<string, HiveBlock>;
}

export interface BlockContent {
  /** Header line and `#` lines. */
  readonly head: string;
  /** By folded name; `@` for the default value. */
  readonly values: Map<string, RegistryText>;
}

export interface RegistryText {
  /** `"Name"` with its quotes, escaped; or `@`. */
  readonly name: string;
  /** `"text"`, `dword:00000001`, `hex(7):…` - continuation lines joined. */
  readonly value: string;
}

export function foldKey(key: string): string {
  return key.toLowerCase();
}

export function parseHive(text: string): Hive {
  const blocks = new Map<string, HiveBlock>();
  const first = text.startsWith('[') ? 0 : text.indexOf('\n[') + 1;
  if (first === 0 && !text.startsWith('[')) return { head: text, blocks };
  for (let at = first; at < text.length;) {
    const next = text.indexOf('\n[', at);
    const end = next === -1 ? text.length : next + 1;
    const block = text.slice(at, end);
    const key = keyOf(block);
    if (key !== undefined) {
      const folded = foldKey(key);
      const before = blocks.get(folded);
      blocks.set(folded, before === undefined ? { key, text: block } : joinBlocks(before, block));
    }
    at = end;
  }
  return { head: text.slice(0, first), blocks };
}

/** The later block's values win, as when Wine loads the file. */
function joinBlocks(before: HiveBlock, later: string): HiveBlock {
  const content = parseBlock(before.text);
  for (const [name, value] of parseBlock(later).values) content.values.set(name, value);
  return { key: before.key, text: formatBlock(content) };
}

/** Closing brackets inside a key are escaped. */
function keyOf(block: string): string | undefined {
  return /^\[((?:\\.|[^\\\]])*)\]/.exec(block)?.[1];
}

export function parseBlock(text: string): BlockContent {
  const values = new Map<string, RegistryText>();
  const lines = text.split('\n');
  let head = '';
  for (let index = 0; index < lines.length; index += 1) {
    let line = lines[index]!;
    if (line.startsWith('[') || line.startsWith('#')) {
      head += `${line}\n`;
      continue;
    }
    while (line.endsWith('\\') && index + 1 < lines.length)
      line = line.slice(0, -1) + lines[(index += 1)]!.trimStart();
    const name = /^(?:@|"(?:\\.|[^"\\])*")(?==)/.exec(line)?.[0];
    if (name !== undefined) values.set(foldKey(name), { name, value: line.slice(name.length + 1) });
  }
  return { head, values };
}

export function formatBlock(content: BlockContent): string {
  let text = content.head;
  for (const { name, value } of content.values.values()) text += `${name}=${value}\n`;
  return `${text}\n`;
}

export function formatHive(hive: Hive): string {
  let text = hive.head;
  for (const block of hive.blocks.values())
    text += block.text.endsWith('\n\n') ? block.text : `${block.text}\n`;
  return text;
}

/** Wine's escapes: backslash, the given characters, control characters, everything beyond ASCII as `\x`. */
function escape(text: string, special: string): string {
  let result = '';
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    const char = text[index]!;
    if (char === '\\' || special.includes(char)) result += `\\${char}`;
    else if (char === '\n') result += '\\n';
    else if (char === '\r') result += '\\r';
    else if (char === '\t') result += '\\t';
    else if (unit === 0) result += '\\0';
    else if (unit < 0x20 || unit > 0x7e)
      result += `\\x${unit.toString(16).padStart(/[0-9a-f]/i.test(text[index + 1] ?? '') ? 4 : 1, '0')}`;
    else result += char;
  }
  return result;
}

/** `Software\Microsoft` -> `Software\\Microsoft`. */
export function escapeKey(key: string): string {
  return escape(key, '[]');
}

/** `Path` -> `"Path"`; the empty name is the default value. */
export function escapeName(name: string): string {
  return name === '' ? '@' : `"${escape(name, '"')}"`;
}

export function stringValue(text: string): string {
  return `"${escape(text, '"')}"`;
}

export function expandedStringValue(text: string): string {
  return `str(2):"${escape(text, '"')}"`;
}

export function multiStringValue(texts: readonly string[]): string {
  return `str(7):"${escape(texts.map((text) => `${text}\0`).join(''), '"')}"`;
}

export function dwordValue(value: number): string {
  return `dword:${(value >>> 0).toString(16).padStart(8, '0')}`;
}

/** `type` is the number of the registry type; REG_BINARY (3) needs none in the text. */
export function bytesValue(type: number, bytes: Uint8Array): string {
  const list = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(',');
  return `${type === 3 ? 'hex' : `hex(${type.toString(16)})`}:${list}`;
}

/** The text of a string value (`"…"`, `str(2):"…"`), or undefined for other types. */
export function decodeString(value: string): { readonly text: string; readonly expand: boolean } | undefined {
  const match = /^(str\(2\):)?"((?:\\.|[^"\\])*)"$/.exec(value);
  if (match === null) return undefined;
  const text = match[2]!.replace(/\\(x[0-9a-f]{1,4}|.)/gi, (_, code: string) => {
    if (code.length > 1) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    return { n: '\n', r: '\r', t: '\t', '0': '\0' }[code] ?? code;
  });
  return { text, expand: match[1] !== undefined };
}
