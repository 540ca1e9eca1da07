import { formatDuration } from '../duration.ts';
import {
  formatTime,
  parseRfc3339,
  rfc3339NanoLayout,
  timeString,
  unixSeconds,
  utc,
  inZone,
  zeroTime,
} from '../go-time.ts';
import { boolType, floatType, int64Type, interfaceType, intType, string, stringType, int } from './value.ts';
import type { BasicType, GoType, StructField, StructType, Value } from './value.ts';

/**
 * Go struct types written as text, one struct a block and one field a line: `Name[=json] [omitempty] type`, in JSON order.
 * Types: basic names, `[]T`, `*T`, `map[string]T`, `pkg.Name(string)` for a named basic or composite type, and the names of
 * other blocks. Embedded structs are written out where they stand.
 *
 *     container.Health {
 *       Status string
 *       Log []*container.HealthcheckResult
 *     }
 */
export type Schema = Readonly<Record<string, StructType>>;

function goTime(value: Value): ReturnType<typeof parseRfc3339> & object {
  return parseRfc3339(value.data as string) ?? zeroTime;
}

/** time.Time, kept as its RFC 3339 text. */
export const timeType: BasicType = {
  kind: 'string',
  name: 'time.Time',
  stringer: (value) => timeString(goTime(value)),
  toJson: (value) => JSON.stringify(formatTime(goTime(value), rfc3339NanoLayout)),
  methods: {
    Format: {
      params: [stringType],
      call: (value, [layout]) => string(formatTime(goTime(value), layout!.data as string)),
    },
    String: { params: [], call: (value) => string(timeString(goTime(value))) },
    Unix: { params: [], call: (value) => ({ type: int64Type, data: unixSeconds(goTime(value)) }) },
    UTC: {
      params: [],
      call: (value) => ({ ...value, data: formatTime(inZone(goTime(value), utc), rfc3339NanoLayout) }),
    },
    Year: { params: [], call: (value) => int(Number(formatTime(goTime(value), '2006'))) },
  },
};

/** time.Duration. */
export const durationType: BasicType = {
  kind: 'int',
  name: 'time.Duration',
  stringer: (value) => formatDuration(value.data as bigint),
  methods: {
    String: { params: [], call: (value) => string(formatDuration(value.data as bigint)) },
    Seconds: { params: [], call: (value) => ({ type: floatType, data: Number(value.data) / 1e9 }) },
  },
};

const basics: Readonly<Record<string, GoType>> = {
  bool: boolType,
  int: intType,
  int64: int64Type,
  uint: { kind: 'uint', name: 'uint' },
  uint16: { kind: 'uint', name: 'uint16' },
  uint64: { kind: 'uint', name: 'uint64' },
  float64: floatType,
  string: stringType,
  any: interfaceType,
  'struct{}': { kind: 'struct', name: 'struct {}', fields: [] },
  'time.Time': timeType,
  'time.Duration': durationType,
};

function parseType(text: string, structs: Readonly<Record<string, StructType>>): GoType {
  const named = /^([\w.]+)\((.+)\)$/.exec(text);
  if (named) return { ...parseType(named[2]!, structs), name: named[1]! };
  if (text.startsWith('[]')) return { kind: 'slice', elem: parseType(text.slice(2), structs) };
  if (text.startsWith('*')) return { kind: 'ptr', elem: parseType(text.slice(1), structs) };
  const map = /^map\[([^\]]+)\](.+)$/.exec(text);
  if (map) {
    return { kind: 'map', key: parseType(map[1]!, structs) as BasicType, elem: parseType(map[2]!, structs) };
  }
  const found = basics[text] ?? structs[text];
  if (!found) throw new Error(`unknown Go type ${text}`);
  return found;
}

/** Reads the blocks; a block may name blocks after it. */
export function parseSchema(text: string): Schema {
  const structs: Record<string, StructType & { fields: StructField[] }> = {};
  const blocks = [...text.matchAll(/^([\w.]+) \{\n([\s\S]*?)^\}/gm)];
  for (const [, name] of blocks) structs[name!] = { kind: 'struct', name: name!, fields: [] };
  for (const [, name, body] of blocks) {
    for (const line of body!.split('\n')) {
      const words = line.trim().split(/\s+/);
      if (words[0] === '') continue;
      const [field, json] = words[0]!.split('=') as [string, string?];
      const type = parseType(words.at(-1)!, structs);
      const omitEmpty = words[1] === 'omitempty';
      structs[name!]!.fields.push({
        name: field,
        json: json ?? field,
        type,
        ...(omitEmpty ? { omitEmpty } : {}),
      });
    }
  }
  return structs;
}
