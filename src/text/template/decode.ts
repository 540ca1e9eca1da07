import {
  boxed,
  interfaceType,
  jsonNumberType,
  rawMapType,
  rawSliceType,
  bool,
  string,
  zero,
} from './value.ts';
import type { GoType, StructType, Value } from './value.ts';

/** A number whose spelling in the JSON text is kept: JSON.parse would round what does not fit a double. */
export class JsonNumber {
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }
}

/** JSON text to plain values with `JsonNumber` for numbers. */
export function parseJsonExactly(text: string): unknown {
  const reviver = (_key: string, value: unknown, context?: { source?: string }) =>
    typeof value === 'number' ? new JsonNumber(context?.source ?? String(value)) : value;
  return JSON.parse(text, reviver);
}

function numberText(value: number | bigint | JsonNumber): string {
  return value instanceof JsonNumber ? value.source : String(value);
}

function isNumber(json: unknown): json is number | bigint | JsonNumber {
  return typeof json === 'number' || typeof json === 'bigint' || json instanceof JsonNumber;
}

/** The model of a JSON document decoded into `interface {}`: maps, lists, json.Number (docker-cli.md 3.1, second pass). */
export function rawValue(json: unknown): Value {
  if (json === null || json === undefined) return boxed(null);
  if (typeof json === 'string') return boxed(string(json));
  if (typeof json === 'boolean') return boxed(bool(json));
  if (isNumber(json)) return boxed({ type: jsonNumberType, data: numberText(json) });
  if (Array.isArray(json)) return boxed({ type: rawSliceType, data: json.map(rawValue) });
  const entries = Object.entries(json).filter(([, value]) => value !== undefined);
  return boxed({ type: rawMapType, data: new Map(entries.map(([key, value]) => [key, rawValue(value)])) });
}

function integer(json: number | bigint | JsonNumber): bigint {
  if (typeof json === 'bigint') return json;
  if (json instanceof JsonNumber && /^-?[0-9]+$/.test(json.source)) return BigInt(json.source);
  return BigInt(Math.trunc(Number(numberText(json))));
}

function structValue(json: object, type: StructType): Value {
  const members = json as Record<string, unknown>;
  // encoding/json prefers the exact key and falls back to one that differs in case.
  let folded: Map<string, unknown> | undefined;
  const member = (key: string): unknown => {
    if (key in members) return members[key];
    folded ??= new Map(Object.entries(members).map(([name, value]) => [name.toLowerCase(), value]));
    return folded.get(key.toLowerCase());
  };
  return { type, data: type.fields.map((field) => typedValue(member(field.json), field.type)) };
}

/** The model of a JSON document decoded into a Go struct: absent and null members are zero values (first pass). */
export function typedValue(json: unknown, type: GoType): Value {
  if (json === null || json === undefined) return zero(type);
  switch (type.kind) {
    case 'bool':
      return { type, data: json === true };
    case 'int':
    case 'uint':
      return { type, data: isNumber(json) ? integer(json) : 0n };
    case 'float':
      return { type, data: isNumber(json) ? Number(numberText(json)) : 0 };
    case 'string':
      return { type, data: typeof json === 'string' ? json : '' };
    case 'slice':
      return { type, data: Array.isArray(json) ? json.map((item) => typedValue(item, type.elem)) : null };
    case 'map': {
      if (typeof json !== 'object') return zero(type);
      const entries = Object.entries(json).filter(([, value]) => value !== undefined);
      return { type, data: new Map(entries.map(([key, value]) => [key, typedValue(value, type.elem)])) };
    }
    case 'struct':
      return typeof json === 'object' ? structValue(json, type) : zero(type);
    case 'ptr':
      return { type, data: typedValue(json, type.elem) };
    case 'interface':
      return interfaceValue(json);
    case 'func':
      return zero(type);
  }
}

/** JSON inside an `interface {}` member of a struct: numbers are float64 there. */
function interfaceValue(json: unknown): Value {
  if (!isNumber(json)) return rawValue(json);
  return {
    type: interfaceType,
    data: { type: { kind: 'float', name: 'float64' }, data: Number(numberText(json)) },
  };
}
