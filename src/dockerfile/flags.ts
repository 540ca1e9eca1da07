import { InstructionProblem } from './dockerfile-error.ts';
import type { MappedText } from './mapped-text.ts';
import { didYouMean } from './suggest.ts';
import { own } from '../text/own.ts';

/** Builder flags of one instruction (dockerfile.md 1.6): `--from=a`, `--link`, `--mount=… --mount=…`. */
export type FlagKind = 'text' | 'boolean' | 'list';

export interface FlagValue {
  readonly name: string;
  /** The whole flag. */
  readonly flag: MappedText;
  /** After the `=`. */
  readonly value: MappedText;
}

export interface ParsedFlags {
  /** Names in the order of first use. */
  readonly used: readonly string[];
  /** The value of a text flag; undefined when it was not given. */
  text(name: string): MappedText | undefined;
  boolean(name: string): boolean;
  list(name: string): readonly MappedText[];
  get(name: string): FlagValue | undefined;
}

const none: readonly never[] = [];

/** Of most instructions. */
const noFlags: ParsedFlags = {
  used: none,
  text: () => undefined,
  boolean: () => false,
  list: () => none,
  get: () => undefined,
};

/** Throws `InstructionProblem` in the reference's words. */
export function parseFlags(
  flags: readonly MappedText[],
  known: Readonly<Record<string, FlagKind>>,
): ParsedFlags {
  if (flags.length === 0) return noFlags;
  const given = new Map<string, FlagValue[]>();
  for (const flag of flags) {
    const text = flag.text;
    const equals = text.indexOf('=');
    const name = text.slice(2, equals < 0 ? undefined : equals);
    const kind = own(known, name);
    if (kind === undefined) {
      const hint = didYouMean(name, Object.keys(known));
      throw new InstructionProblem(`unknown flag: --${name}${hint}`, flag);
    }
    const values = given.get(name) ?? [];
    if (values.length > 0 && kind !== 'list') {
      throw new InstructionProblem(`duplicate flag specified: --${name}`, flag);
    }
    const value = flag.slice(equals < 0 ? text.length : equals + 1);
    checkValue(name, kind, equals >= 0, value, flag);
    given.set(name, [...values, { name, flag, value }]);
  }
  const first = (name: string) => given.get(name)?.[0];
  return {
    used: [...given.keys()],
    text: (name) => first(name)?.value,
    boolean: (name) => given.has(name) && first(name)!.value.text.toLowerCase() !== 'false',
    list: (name) => (given.get(name) ?? []).map(({ value }) => value),
    get: first,
  };
}

function checkValue(
  name: string,
  kind: FlagKind,
  hasValue: boolean,
  value: MappedText,
  flag: MappedText,
): void {
  if (kind === 'boolean') {
    if (!hasValue) return;
    if (value.text === '') throw new InstructionProblem(`missing a value on flag: --${name}`, flag);
    if (!/^(?:true|false)$/i.test(value.text)) {
      throw new InstructionProblem(`expecting boolean value for flag --${name}, not: ${value.text}`, value);
    }
  } else if (!hasValue) {
    throw new InstructionProblem(`missing a value on flag: --${name}`, flag);
  }
}
