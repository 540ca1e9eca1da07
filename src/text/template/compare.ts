import { printed } from './print.ts';
import { compareBytes, typeName, unboxed } from './value.ts';
import type { Value } from './value.ts';

/** text/template's comparisons: by basic kind, whatever the named type; different kinds are an error. */

type BasicKind = 'bool' | 'int' | 'uint' | 'float' | 'string';
const basicKinds: ReadonlySet<string> = new Set<BasicKind>(['bool', 'int', 'uint', 'float', 'string']);

function basicKind(value: Value | undefined): BasicKind | undefined {
  return value && basicKinds.has(value.type.kind) ? (value.type.kind as BasicKind) : undefined;
}

const bothIntegers = (a: string | undefined, b: string | undefined) =>
  (a === 'int' || a === 'uint') && (b === 'int' || b === 'uint');

const incompatible = () => new Error('incompatible types for comparison');

function isNil(value: Value | undefined): boolean {
  return !value || (['slice', 'map', 'ptr', 'func'].includes(value.type.kind) && value.data === null);
}

/** `eq a b…`: true when `a` equals any of the others. */
export function isEqual(first: Value | undefined, others: readonly (Value | undefined)[]): boolean {
  if (others.length === 0) throw new Error('missing argument for comparison');
  const a = unboxed(first);
  return others.some((other) => {
    const b = unboxed(other);
    const [kindA, kindB] = [basicKind(a), basicKind(b)];
    if (kindA !== kindB) {
      if (bothIntegers(kindA, kindB)) return a!.data === b!.data;
      if (a && b) throw incompatible();
      return false;
    }
    if (kindA) return a!.data === b!.data;
    if (isNil(a) || isNil(b)) return isNil(a) === isNil(b);
    if (b!.type.kind === 'ptr' || b!.type.kind === 'struct') return a!.data === b!.data;
    throw new Error(`non-comparable type ${printed(a)}: ${typeName(a!.type)}`);
  });
}

export function notEqual(a: Value | undefined, b: Value | undefined): boolean {
  return !isEqual(a, [b]);
}

export function lessThan(first: Value | undefined, second: Value | undefined): boolean {
  const [a, b] = [unboxed(first), unboxed(second)];
  const [kindA, kindB] = [basicKind(a), basicKind(b)];
  if (!kindA || !kindB) throw new Error('invalid type for comparison');
  if (kindA !== kindB && !bothIntegers(kindA, kindB)) throw incompatible();
  if (kindA === 'bool') throw new Error('invalid type for comparison');
  if (kindA === 'string') return compareBytes(a!.data as string, b!.data as string) < 0;
  return (a!.data as bigint | number) < (b!.data as bigint | number);
}

export function lessOrEqual(a: Value | undefined, b: Value | undefined): boolean {
  return lessThan(a, b) || isEqual(a, [b]);
}

export function greaterThan(a: Value | undefined, b: Value | undefined): boolean {
  return !lessOrEqual(a, b);
}

export function greaterOrEqual(a: Value | undefined, b: Value | undefined): boolean {
  return !lessThan(a, b);
}
