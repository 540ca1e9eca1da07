import {
  bool,
  indirect,
  int,
  interfaceType,
  isTrue,
  string,
  stringType,
  typeName,
  unboxed,
  zero,
} from './value.ts';
import type { GoType, Value } from './value.ts';
import { greaterOrEqual, greaterThan, isEqual, lessOrEqual, lessThan, notEqual } from './compare.ts';
import { sprint, sprintf, sprintln } from './print.ts';

/** A template function: parameter types decide which arguments it takes and how constants are read. */
export interface TemplateFunction {
  /** `reflect` takes anything unchanged, also what is not valid. */
  readonly params: readonly (GoType | 'reflect')[];
  /** The last parameter repeats. */
  readonly variadic?: boolean;
  readonly call: (args: readonly (Value | undefined)[]) => Value | undefined;
}
export type TemplateFunctions = Readonly<Record<string, TemplateFunction>>;

function indexNumber(index: Value | undefined, length: number): number {
  if (!index) throw new Error('cannot index slice/array with nil');
  if (index.type.kind !== 'int' && index.type.kind !== 'uint') {
    throw new Error(`cannot index slice/array with type ${typeName(index.type)}`);
  }
  const at = index.data as bigint;
  if (at < 0n || at >= BigInt(length)) throw new Error(`index out of range: ${at}`);
  return Number(at);
}

function mapEntry(map: Value, index: Value | undefined): Value {
  if (map.type.kind !== 'map') throw new Error(`can't index item of type ${typeName(map.type)}`);
  if (!index) throw new Error(`value is nil; should be of type ${typeName(map.type.key)}`);
  if (typeName(index.type) !== typeName(map.type.key)) {
    throw new Error(`value has type ${typeName(index.type)}; should be ${typeName(map.type.key)}`);
  }
  return (map.data as Map<string, Value> | null)?.get(index.data as string) ?? zero(map.type.elem);
}

function indexOf(args: readonly (Value | undefined)[]): Value | undefined {
  const first = unboxed(args[0]);
  if (!first) throw new Error('index of untyped nil');
  let item = first;
  for (const given of args.slice(1)) {
    const index = unboxed(given);
    const reached = indirect(item);
    if (reached.isNil) throw new Error('index of nil pointer');
    item = reached.value;
    if (item.type.kind === 'slice') {
      const items = (item.data as Value[] | null) ?? [];
      item = items[indexNumber(index, items.length)]!;
    } else if (item.type.kind === 'string') {
      const bytes = Buffer.from(item.data as string);
      item = {
        type: { kind: 'uint', name: 'uint8' },
        data: BigInt(bytes[indexNumber(index, bytes.length)]!),
      };
    } else item = mapEntry(item, index);
  }
  return item;
}

function sliceOf(args: readonly (Value | undefined)[]): Value {
  const item = unboxed(args[0]);
  if (!item) throw new Error('slice of untyped nil');
  const indexes = args.slice(1).map(unboxed);
  if (indexes.length > 3) throw new Error(`too many slice indexes: ${indexes.length}`);
  const isString = item.type.kind === 'string';
  if (isString && indexes.length === 3) throw new Error('cannot 3-index slice a string');
  if (!isString && item.type.kind !== 'slice')
    throw new Error(`can't slice item of type ${typeName(item.type)}`);
  const items = isString ? Buffer.from(item.data as string) : ((item.data as Value[] | null) ?? []);
  const [from = 0, to = items.length, limit] = indexes.map((index) => indexNumber(index, items.length + 1));
  if (from > to) throw new Error(`invalid slice index: ${from} > ${to}`);
  if (limit !== undefined && to > limit) throw new Error(`invalid slice index: ${to} > ${limit}`);
  const part = items.slice(from, to);
  return { type: item.type, data: isString ? (part as Buffer).toString() : part };
}

function lengthOf(args: readonly (Value | undefined)[]): Value {
  const given = unboxed(args[0]);
  if (!given) throw new Error('len of nil pointer');
  const { value, isNil } = indirect(given);
  if (isNil) throw new Error('len of nil pointer');
  switch (value.type.kind) {
    case 'string':
      return int(Buffer.byteLength(value.data as string));
    case 'slice':
      return int((value.data as Value[] | null)?.length ?? 0);
    case 'map':
      return int((value.data as Map<string, Value> | null)?.size ?? 0);
    default:
      throw new Error(`len of type ${typeName(value.type)}`);
  }
}

/** The one string given, or everything printed together: how Go's escapers read their arguments. */
function textOf(args: readonly (Value | undefined)[]): string {
  const only = args.length === 1 ? unboxed(args[0]) : undefined;
  if (only?.type.kind === 'string') return only.data as string;
  return sprint(args.map((arg) => unboxed(arg) ?? string('<no value>')));
}

const htmlEntities: Readonly<Record<string, string>> = {
  '"': '&#34;',
  "'": '&#39;',
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '\0': '\ufffd',
};

function escapeJs(text: string): string {
  return text.replace(/[\\'"<>&=]|[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, (character) => {
    if ('\\\'"'.includes(character)) return '\\' + character;
    return [...character]
      .map((unit) => '\\u' + unit.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0'))
      .join('');
  });
}

function escapeQuery(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()*]/g, (character) => '%' + character.charCodeAt(0).toString(16).toUpperCase())
    .replaceAll('%20', '+');
}

const printing = (print: (args: readonly (Value | undefined)[]) => string): TemplateFunction => ({
  params: [interfaceType],
  variadic: true,
  call: (args) => string(print(args)),
});
const comparing = (compare: (a: Value | undefined, b: Value | undefined) => boolean): TemplateFunction => ({
  params: ['reflect', 'reflect'],
  call: (args) => bool(compare(args[0], args[1])),
});

/** text/template's own functions. `and` and `or` are short-circuited by the executor, which never calls them. */
export const builtinFunctions: TemplateFunctions = {
  and: { params: ['reflect', 'reflect'], variadic: true, call: (args) => args[0] },
  or: { params: ['reflect', 'reflect'], variadic: true, call: (args) => args[0] },
  not: { params: ['reflect'], call: (args) => bool(!isTrue(args[0])) },
  call: { params: ['reflect', 'reflect'], variadic: true, call: (args) => args[0] },
  index: { params: ['reflect', 'reflect'], variadic: true, call: indexOf },
  slice: { params: ['reflect', 'reflect'], variadic: true, call: sliceOf },
  len: { params: ['reflect'], call: lengthOf },
  print: printing(sprint),
  println: printing(sprintln),
  printf: {
    params: [stringType, interfaceType],
    variadic: true,
    call: (args) => string(sprintf(args[0]!.data as string, args.slice(1))),
  },
  html: printing((args) => textOf(args).replace(/["'&<>\0]/g, (character) => htmlEntities[character]!)),
  js: printing((args) => escapeJs(textOf(args))),
  urlquery: printing((args) => escapeQuery(textOf(args))),
  eq: {
    params: ['reflect', 'reflect'],
    variadic: true,
    call: (args) => bool(isEqual(args[0], args.slice(1))),
  },
  ne: comparing(notEqual),
  lt: comparing(lessThan),
  le: comparing(lessOrEqual),
  gt: comparing(greaterThan),
  ge: comparing(greaterOrEqual),
};
