import { JsonNumber } from './decode.ts';
import { unboxed, sortedEntries } from './value.ts';
import type { StructType, Value } from './value.ts';

/** encoding/json of Go values: struct order, `omitempty`, sorted map keys (https://pkg.go.dev/encoding/json). */

const htmlEscapes: Readonly<Record<string, string>> = { '<': '\\u003c', '>': '\\u003e', '&': '\\u0026' };

/** A JSON string with Go's escapes; `html` also escapes `<`, `>` and `&`, which Go does unless told not to. */
export function jsonString(text: string, html = false): string {
  const quoted = JSON.stringify(text.toWellFormed())
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029');
  return html ? escapeHtml(quoted) : quoted;
}

/** What Go's encoder does to any JSON by default. */
export function escapeHtml(json: string): string {
  return json.replace(/[<>&]/g, (character) => htmlEscapes[character]!);
}

function isEmpty(value: Value): boolean {
  switch (value.type.kind) {
    case 'bool':
      return value.data === false;
    case 'int':
    case 'uint':
      return value.data === 0n;
    case 'float':
      return value.data === 0;
    case 'string':
      return value.data === '';
    case 'slice':
      return value.data === null || (value.data as Value[]).length === 0;
    case 'map':
      return value.data === null || (value.data as Map<string, Value>).size === 0;
    case 'struct':
      return false;
    case 'ptr':
    case 'interface':
    case 'func':
      return value.data === null;
  }
}

function structJson(type: StructType, members: readonly Value[], html: boolean): string {
  const parts: string[] = [];
  type.fields.forEach((field, index) => {
    const member = members[index]!;
    if (field.json === '-' || (field.omitEmpty === true && isEmpty(member))) return;
    parts.push(`${jsonString(field.json, html)}:${valueJson(member, html)}`);
  });
  return `{${parts.join(',')}}`;
}

/** One line of JSON. `html` = Go's default escaping; Docker's `json` template function leaves it off. */
export function valueJson(value: Value | undefined, html = false): string {
  const inner = unboxed(value);
  if (!inner) return 'null';
  if (inner.type.toJson) return inner.type.toJson(inner);
  switch (inner.type.kind) {
    case 'bool':
      return String(inner.data);
    case 'int':
    case 'uint':
      return String(inner.data);
    case 'float':
      return String(inner.data);
    case 'string':
      if (inner.type.name === 'json.Number') return (inner.data as string) || '0';
      return jsonString(inner.data as string, html);
    case 'slice': {
      const items = inner.data as Value[] | null;
      return items ? `[${items.map((item) => valueJson(item, html)).join(',')}]` : 'null';
    }
    case 'map': {
      const map = inner.data as Map<string, Value> | null;
      if (!map) return 'null';
      const parts = sortedEntries(map).map(
        ([key, item]) => `${jsonString(key, html)}:${valueJson(item, html)}`,
      );
      return `{${parts.join(',')}}`;
    }
    case 'struct':
      return structJson(inner.type, inner.data as Value[], html);
    case 'ptr':
      return inner.data === null ? 'null' : valueJson(inner.data as Value, html);
    case 'interface':
    case 'func':
      return 'null';
  }
}

/** The same JSON text with Go's `json.Indent`: values as written, empty containers closed at once. */
export function indentJson(json: string, indent: string): string {
  let out = '';
  let depth = 0;
  let opened = false;
  for (const [token] of json.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{},:]|[^\s[\]{},:"]+/g)) {
    const closes = token === '}' || token === ']';
    if (closes) depth--;
    // A closing token right after its opening one stays on the line.
    if (opened ? !closes : closes) out += '\n' + indent.repeat(depth);
    opened = token === '{' || token === '[';
    if (opened) depth++;
    out += token;
    if (token === ':') out += ' ';
    else if (token === ',') out += '\n' + indent.repeat(depth);
  }
  return out;
}

/** JSON.stringify that writes exact numbers (`JsonNumber`, bigint) as they are. */
export function encodeJson(document: unknown): string {
  if (document === null || document === undefined) return 'null';
  if (document instanceof JsonNumber) return document.source;
  if (typeof document === 'bigint') return String(document);
  if (Array.isArray(document)) return `[${document.map(encodeJson).join(',')}]`;
  if (typeof document !== 'object') return JSON.stringify(document);
  const members = Object.entries(document).filter(([, value]) => value !== undefined);
  return `{${members.map(([key, value]) => `${JSON.stringify(key)}:${encodeJson(value)}`).join(',')}}`;
}
