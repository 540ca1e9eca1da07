/**
 * The flag parser: pflag's grammar over our flag definitions (docker-cli.md 1.1), with its exact error texts.
 * oclif's own parser cannot read Docker command lines (codebases.md 2.2).
 */
import { asError } from '../errors/porthole-error.ts';
import { quoteGo, quoteRune } from '../text/go-quote.ts';
import { CliError } from './cli-error.ts';
import type { ArgCount } from './command.ts';
import { applyValue, defaultValue } from './flag-values.ts';
import type { AnyFlagValue } from './flag-values.ts';
import type { FlagSpec, FlagSpecs, ParsedFlags } from './flag.ts';
import { own } from '../text/own.ts';

export interface ParseOptions {
  /** False: the first positional ends flag parsing. */
  readonly interspersed: boolean;
  /** True: `-1073741515` is an argument, not flags. */
  readonly negativeNumbers?: boolean;
  readonly aliases?: Readonly<Record<string, string>>;
}

export interface FlagParse {
  readonly values: ParsedFlags<FlagSpecs>;
  /** Deprecation lines, in order; Docker prints them on stdout once parsing has succeeded. */
  readonly notices: readonly string[];
}

/** What the texts of one command need: `path` is `docker container ls`, `usage` all of its usage line. */
export interface CommandSyntax extends ParseOptions {
  readonly bin: string;
  readonly path: string;
  readonly usage: string;
  readonly flags: FlagSpecs;
  readonly args: ArgCount;
}

/** Flags of every command: `--help` and Porthole's `--json`, unless the command has its own of that name. */
export const commonFlags = {
  help: { type: 'bool', char: 'h', charDeprecated: 'use --help', description: 'Print usage', hidden: true },
  json: { type: 'bool', own: true, description: 'Print the result, or the error, as one JSON document' },
  'json-ascii': {
    type: 'bool',
    own: true,
    description: 'The same with every character outside ASCII escaped',
  },
} as const satisfies FlagSpecs;

/** The command's flags and the common ones it has not replaced; a letter taken by the command is not the common flag's. */
export function withCommonFlags(flags: FlagSpecs): FlagSpecs {
  const letters = new Set(Object.values(flags).map((spec) => spec.char));
  const merged: Record<string, FlagSpec> = { ...flags };
  for (const [name, spec] of Object.entries<FlagSpec>(commonFlags)) {
    if (name in flags) continue;
    if (spec.char !== undefined && letters.has(spec.char)) {
      // Docker then shows --help like any flag.
      merged[name] = { type: spec.type, description: spec.description };
    } else merged[name] = spec;
  }
  return merged;
}

/** One pass over argv. The state is private to a parse, so the class is not exported. */
class FlagParser {
  readonly #specs: FlagSpecs;
  readonly #options: ParseOptions;
  readonly #letters = new Map<string, string>();
  readonly #values: Record<string, AnyFlagValue> = {};
  readonly #changed = new Set<string>();
  readonly #notices: string[] = [];
  readonly #rest: string[];

  constructor(argv: readonly string[], specs: FlagSpecs, options: ParseOptions) {
    this.#rest = [...argv];
    this.#specs = specs;
    this.#options = options;
    for (const [name, spec] of Object.entries(specs)) {
      this.#values[name] = defaultValue(spec);
      if (spec.char !== undefined) this.#letters.set(spec.char, name);
    }
  }

  parse(): FlagParse {
    const args: string[] = [];
    while (this.#rest.length > 0) {
      const word = this.#rest.shift()!;
      if (word === '--') {
        args.push(...this.#rest);
        break;
      }
      if (word.length < 2 || !word.startsWith('-') || this.#isNumber(word)) {
        args.push(word);
        if (this.#options.interspersed) continue;
        args.push(...this.#rest);
        break;
      }
      if (word.startsWith('--')) this.#long(word);
      else this.#letterGroup(word.slice(1));
    }
    return {
      values: { flags: this.#values, changed: this.#changed, args },
      notices: this.#notices,
    };
  }

  #isNumber(word: string): boolean {
    return this.#options.negativeNumbers === true && /^-\d+$/.test(word);
  }

  #long(word: string): void {
    const body = word.slice(2);
    if (body.startsWith('-') || body.startsWith('=')) throw new Error(`bad flag syntax: ${word}`);
    const equals = body.indexOf('=');
    const typed = equals < 0 ? body : body.slice(0, equals);
    const name = this.#options.aliases?.[typed] ?? typed;
    const spec = own(this.#specs, name);
    if (!spec) throw new Error(`unknown flag: --${typed}`);
    if (equals >= 0) this.#set(name, spec, body.slice(equals + 1));
    else this.#set(name, spec, this.#valueless(spec) ?? this.#next(`flag needs an argument: ${word}`));
  }

  /** `it` of `-it`, `p8080:80`, `n=5`: a letter that takes a value eats the rest of its group. */
  #letterGroup(group: string): void {
    for (let letters = group; letters !== '';) {
      const letter = letters[0]!;
      const name = this.#letters.get(letter);
      if (name === undefined) {
        // pflag walks bytes: the first byte of a longer character is what it names.
        const byte = Buffer.from(letters)[0]!;
        throw new Error(`unknown shorthand flag: ${quoteRune(byte)} in -${letters}`);
      }
      const spec = this.#specs[name]!;
      const valueless = this.#valueless(spec);
      let value: string;
      if (letters.length > 2 && letters[1] === '=') {
        value = letters.slice(2);
        letters = '';
      } else if (valueless !== undefined) {
        value = valueless;
        letters = letters.slice(1);
      } else if (letters.length > 1) {
        value = letters.slice(1);
        letters = '';
      } else {
        value = this.#next(`flag needs an argument: ${quoteRune(letter.codePointAt(0)!)} in -${letters}`);
        letters = '';
      }
      if (spec.charDeprecated !== undefined) {
        this.#notices.push(`Flag shorthand -${letter} has been deprecated, ${spec.charDeprecated}`);
      }
      this.#set(name, spec, value);
    }
  }

  #valueless(spec: FlagSpec): string | undefined {
    return spec.noOptDefault ?? (spec.type === 'bool' ? 'true' : undefined);
  }

  #next(missing: string): string {
    const value = this.#rest.shift();
    if (value === undefined) throw new Error(missing);
    return value;
  }

  #set(name: string, spec: FlagSpec, text: string): void {
    try {
      const kept = spec.check ? spec.check(text) : text;
      this.#values[name] = applyValue(spec, this.#values[name]!, kept);
    } catch (error) {
      const shown = spec.char === undefined ? `--${name}` : `-${spec.char}, --${name}`;
      throw new Error(
        `invalid argument ${quoteGo(text)} for ${quoteGo(shown)} flag: ${asError(error).message}`,
        {
          cause: error,
        },
      );
    }
    this.#changed.add(name);
    if (spec.deprecated !== undefined)
      this.#notices.push(`Flag --${name} has been deprecated, ${spec.deprecated}`);
  }
}

/** Flags and positionals of `argv`. Throws plain Errors with pflag's texts; `parseCommand` adds Docker's tail. */
export function parseFlags(argv: readonly string[], specs: FlagSpecs, options: ParseOptions): FlagParse {
  return new FlagParser(argv, specs, options).parse();
}

/** The flag error of a command: exit code 125, usage line, pointer to help (docker-cli.md 1.1). */
export function flagError(syntax: Pick<CommandSyntax, 'path' | 'usage'>, error: unknown): CliError {
  return new CliError(
    `${asError(error).message}\n\nUsage:  ${syntax.usage}\n\nRun '${syntax.path} --help' for more information`,
    { code: 'USAGE', exitCode: 125, plainMessage: asError(error).message, cause: error },
  );
}

/** Parses a command's own words: flags with the common ones added. Argument counts are checked by `checkArguments`. */
export function parseCommand(argv: readonly string[], syntax: CommandSyntax): FlagParse {
  try {
    return parseFlags(argv, withCommonFlags(syntax.flags), syntax);
  } catch (error) {
    throw flagError(syntax, error);
  }
}

/** Checks the number of positionals; the words are Docker's, with its `See` and `SRun` (docker-cli.md 1.1). Exit code 1. */
export function checkArguments(
  args: readonly string[],
  syntax: Pick<CommandSyntax, 'bin' | 'path' | 'usage' | 'args'>,
): void {
  const { min, max } = syntax.args;
  if (args.length >= min && (max === undefined || args.length <= max)) return;
  const counted = (count: number) => `${count} ${count === 1 ? 'argument' : 'arguments'}`;
  let rule: string;
  let pointer = 'Run';
  if (max === undefined) {
    rule = `requires at least ${counted(min)}`;
    pointer = 'See';
  } else if (max === 0) rule = 'accepts no arguments';
  else if (min === max) rule = `requires ${counted(min)}`;
  else if (min === 0) {
    rule = `requires at most ${counted(max)}`;
    pointer = 'SRun';
  } else rule = `requires at least ${min} and at most ${counted(max)}`;
  throw new CliError(
    `${syntax.bin}: '${syntax.path}' ${rule}\n\nUsage:  ${syntax.usage}\n\n${pointer} '${syntax.path} --help' for more information`,
    { code: 'USAGE', exitCode: 1, plainMessage: `'${syntax.path}' ${rule}` },
  );
}
