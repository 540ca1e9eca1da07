/**
 * Values as Go's reflection sees them: templates decide by Go types what prints, compares and fails, so JavaScript values
 * are wrapped with a small description of the Go type. Names are Go's (https://pkg.go.dev/reflect).
 */
export interface GoMethod {
  readonly params: readonly GoType[];
  readonly call: (receiver: Value, args: readonly (Value | undefined)[]) => Value | undefined;
}

interface Named {
  /** Go's spelling in error texts: `string`, `nat.Port`; composite types without one are spelled out. */
  readonly name?: string;
  readonly methods?: Readonly<Record<string, GoMethod>>;
  /** `String()` of the type, which printing prefers. Gets the value's data. */
  readonly stringer?: (value: Value) => string;
  /** `MarshalJSON` of the type. */
  readonly toJson?: (value: Value) => string;
}

export interface BasicType extends Named {
  readonly kind: 'bool' | 'int' | 'uint' | 'float' | 'string';
  readonly name: string;
}
export interface SliceType extends Named {
  readonly kind: 'slice';
  readonly elem: GoType;
}
/** Keys are strings; `key` matters for what may index the map. */
export interface MapType extends Named {
  readonly kind: 'map';
  readonly key: BasicType;
  readonly elem: GoType;
}
export interface StructField {
  readonly name: string;
  /** JSON key; `-` = not marshalled. */
  readonly json: string;
  readonly omitEmpty?: boolean;
  readonly type: GoType;
}
export interface StructType extends Named {
  readonly kind: 'struct';
  readonly name: string;
  readonly fields: readonly StructField[];
}
export interface PointerType extends Named {
  readonly kind: 'ptr';
  readonly elem: GoType;
}
export interface InterfaceType extends Named {
  readonly kind: 'interface';
}
export interface FuncType extends Named {
  readonly kind: 'func';
}
export type GoType = BasicType | SliceType | MapType | StructType | PointerType | InterfaceType | FuncType;

/**
 * `data` by kind: bool boolean, int and uint bigint, float number, string string, slice Value[] or null, map Map or null,
 * struct an array parallel to `fields` (or anything its methods understand), pointer and interface Value or null.
 */
export interface Value {
  readonly type: GoType;
  readonly data: unknown;
}

export const boolType: BasicType = { kind: 'bool', name: 'bool' };
export const intType: BasicType = { kind: 'int', name: 'int' };
export const int64Type: BasicType = { kind: 'int', name: 'int64' };
export const floatType: BasicType = { kind: 'float', name: 'float64' };
export const stringType: BasicType = { kind: 'string', name: 'string' };
export const interfaceType: InterfaceType = { kind: 'interface', name: 'interface {}' };
export const stringsType: SliceType = { kind: 'slice', elem: stringType };
/** encoding/json's number kept as written. */
export const jsonNumberType: BasicType = { kind: 'string', name: 'json.Number' };
export const rawMapType: MapType = { kind: 'map', key: stringType, elem: interfaceType };
export const rawSliceType: SliceType = { kind: 'slice', elem: interfaceType };

export const bool = (data: boolean): Value => ({ type: boolType, data });
export const string = (data: string): Value => ({ type: stringType, data });
export const int = (data: number | bigint): Value => ({ type: intType, data: BigInt(data) });
export const float = (data: number): Value => ({ type: floatType, data });
export const strings = (items: readonly string[]): Value => ({ type: stringsType, data: items.map(string) });
/** A value held in an `interface {}`; null = nil interface. */
export const boxed = (data: Value | null): Value => ({ type: interfaceType, data });

/** Go's `reflect.Type.String`. */
export function typeName(type: GoType): string {
  if (type.name !== undefined) return type.name;
  switch (type.kind) {
    case 'slice':
      return `[]${typeName(type.elem)}`;
    case 'map':
      return `map[${typeName(type.key)}]${typeName(type.elem)}`;
    case 'ptr':
      return `*${typeName(type.elem)}`;
    default:
      return type.kind;
  }
}

export function zero(type: GoType): Value {
  switch (type.kind) {
    case 'bool':
      return { type, data: false };
    case 'int':
    case 'uint':
      return { type, data: 0n };
    case 'float':
      return { type, data: 0 };
    case 'string':
      return { type, data: '' };
    case 'struct':
      return { type, data: type.fields.map((field) => zero(field.type)) };
    case 'slice':
    case 'map':
    case 'ptr':
    case 'interface':
    case 'func':
      return { type, data: null };
  }
}

/** The value inside an interface; undefined for a nil interface (Go's zero reflect.Value). */
export function unboxed(value: Value | undefined): Value | undefined {
  return value?.type.kind === 'interface' ? ((value.data as Value | null) ?? undefined) : value;
}

/** Follows pointers and interfaces; `isNil` when one of them was nil, which is then returned itself. */
export function indirect(value: Value): { value: Value; isNil: boolean } {
  let current = value;
  while (current.type.kind === 'ptr' || current.type.kind === 'interface') {
    if (current.data === null) return { value: current, isNil: true };
    current = current.data as Value;
  }
  return { value: current, isNil: false };
}

/** Truth in `if` and `with`: not false, zero, empty or nil. */
export function isTrue(value: Value | undefined): boolean {
  const inner = unboxed(value);
  if (!inner) return false;
  switch (inner.type.kind) {
    case 'bool':
      return inner.data as boolean;
    case 'int':
    case 'uint':
      return inner.data !== 0n;
    case 'float':
      return inner.data !== 0;
    case 'string':
      return inner.data !== '';
    case 'slice':
      return ((inner.data as Value[] | null)?.length ?? 0) > 0;
    case 'map':
      return ((inner.data as Map<string, Value> | null)?.size ?? 0) > 0;
    case 'struct':
      return true;
    case 'ptr':
    case 'interface':
    case 'func':
      return inner.data !== null;
  }
}

/** Map entries in the order Go's template range and fmt use: by key bytes. */
export function sortedEntries(map: ReadonlyMap<string, Value>): [string, Value][] {
  return [...map].sort(([a], [b]) => compareBytes(a, b));
}

/** Go's string order: by UTF-8 bytes. */
export function compareBytes(a: string, b: string): number {
  // Surrogates sort before U+E000 in UTF-16 but after it in UTF-8.
  return /[\ud800-\uffff]/.test(a + b)
    ? Buffer.compare(Buffer.from(a), Buffer.from(b))
    : a < b
      ? -1
      : a > b
        ? 1
        : 0;
}

export function method(type: GoType, name: string): GoMethod | undefined {
  const found = type.methods?.[name];
  if (found) return found;
  return type.kind === 'ptr' ? type.elem.methods?.[name] : undefined;
}
