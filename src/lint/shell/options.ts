import type { ShellWord } from './script.ts';

export interface Option {
  /** With its dashes: `-y`, `--yes`. */
  readonly name: string;
  readonly value: string | undefined;
}

export interface ReadArguments {
  readonly options: readonly Option[];
  /** Words that are neither options nor their values. */
  readonly operands: readonly ShellWord[];
}

/**
 * Tells options from operands. `valued` names the options that take the next word; `gnu`: `-yq` is two options and `--x=v` one with
 * a value; `single`: `-tags x` as Go has it. After `--` all words are operands, unless `stops` says that they are another
 * program's.
 */
export function readArguments(
  args: readonly ShellWord[],
  valued: ReadonlySet<string>,
  { style = 'gnu', stops = false }: { readonly style?: 'gnu' | 'single'; readonly stops?: boolean } = {},
): ReadArguments {
  const options: Option[] = [];
  const operands: ShellWord[] = [];
  for (let at = 0; at < args.length; at++) {
    const { value } = args[at]!;
    if (value === '--') {
      if (!stops) operands.push(...args.slice(at + 1));
      break;
    }
    if (!/^-./.test(value)) {
      operands.push(args[at]!);
      continue;
    }
    const equals = value.indexOf('=');
    if (value.startsWith('--') || style === 'single') {
      const name = equals < 0 ? value : value.slice(0, equals);
      const takesNext = equals < 0 && valued.has(name);
      options.push({
        name,
        value: takesNext ? args[++at]?.value : equals < 0 ? undefined : value.slice(equals + 1),
      });
      continue;
    }
    for (let letter = 1; letter < value.length; letter++) {
      const name = `-${value[letter]!}`;
      const rest = value.slice(letter + 1);
      if (rest.startsWith('=')) {
        options.push({ name, value: rest.slice(1) });
        break;
      }
      if (valued.has(name)) {
        options.push({ name, value: rest === '' ? args[++at]?.value : rest });
        break;
      }
      options.push({ name, value: undefined });
    }
  }
  return { options, operands };
}

export function hasOption({ options }: ReadArguments, ...names: readonly string[]): boolean {
  return options.some(({ name }) => names.includes(name));
}
