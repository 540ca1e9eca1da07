/** Tab completion: what could come next on a command line, from statics alone. Object names are asked for by kind. */
import { commonFlags } from './argv.ts';
import { groupSummaries, indexOf } from './command-index.ts';
import type { CommandEntry, CommandIndex, FlagEntry } from './command-index.ts';
import { flagEntry } from './command-scan.ts';
import type { FlagSpec } from './flag.ts';
import { globalFlags } from './globals.ts';
import { own } from '../text/own.ts';

export interface Candidate {
  readonly value: string;
  /** Shown beside it where the shell can. */
  readonly tooltip: string;
}

/** What the place calls for: words from the tables, names of objects, file names, or nothing at all. */
export type Completion =
  | { readonly kind: 'words'; readonly candidates: readonly Candidate[] }
  | {
      readonly kind: 'objects';
      readonly of: string;
      readonly prefix: string;
      /** Stands before each name in the word: `--network=`. */
      readonly lead: string;
      readonly given: readonly string[];
    }
  | { readonly kind: 'files' };

const nothing: Completion = { kind: 'words', candidates: [] };

function flagEntries(flags: Readonly<Record<string, FlagSpec>>): FlagEntry[] {
  return Object.entries(flags).map(flagEntry);
}

const help: FlagEntry = {
  name: 'help',
  type: 'bool',
  description: 'Print usage',
  hidden: false,
  takesValue: false,
};

function starting(candidates: readonly Candidate[], prefix: string): Completion {
  return { kind: 'words', candidates: candidates.filter(({ value }) => value.startsWith(prefix)) };
}

function firstLine(text: string): string {
  return text.split('\n')[0]!;
}

function flagNames(flags: readonly FlagEntry[], prefix: string): Completion {
  const shown = flags.filter(({ hidden }) => !hidden);
  const long = shown.map(({ name, description }) => ({
    value: `--${name}`,
    tooltip: firstLine(description),
  }));
  const short = shown.flatMap(({ char, description }) =>
    char === undefined ? [] : [{ value: `-${char}`, tooltip: firstLine(description) }],
  );
  return starting(prefix.startsWith('--') ? long : [...long, ...short], prefix);
}

function flagValue(flag: FlagEntry, prefix: string, lead = ''): Completion {
  const { complete } = flag;
  if (complete === 'file') return { kind: 'files' };
  if (typeof complete === 'string') {
    return { kind: 'objects', of: complete, prefix: prefix.slice(lead.length), lead, given: [] };
  }
  const values = complete ?? [];
  return starting(
    values.map((value) => ({ value: lead + value, tooltip: firstLine(flag.description) })),
    prefix,
  );
}

/** The flag of a word that its value has still to follow, if any: `--name`, `-n`, the `n` of `-tn`. */
function awaitingValue(word: string, flags: readonly FlagEntry[]): FlagEntry | undefined {
  if (word.startsWith('--')) return flags.find(({ name, takesValue }) => takesValue && word === `--${name}`);
  if (!/^-[^-=]/.test(word)) return undefined;
  const letters = word.slice(1);
  for (const [index, letter] of [...letters].entries()) {
    const flag = flags.find(({ char }) => char === letter);
    if (!flag) return undefined;
    if (flag.takesValue) return index === letters.length - 1 ? flag : undefined;
  }
  return undefined;
}

/** Where the words before the current one lead. */
interface Walk {
  readonly flags: readonly FlagEntry[];
  readonly positionals: string[];
  /** A flag that the current word is the value of. */
  pending: FlagEntry | undefined;
  /** After `--`, or behind the first positional of a command that ends flags there. */
  flagsEnded: boolean;
}

function walk(words: readonly string[], flags: readonly FlagEntry[], interspersed: boolean): Walk {
  const state: Walk = { flags, positionals: [], pending: undefined, flagsEnded: false };
  for (const word of words) {
    if (state.pending) state.pending = undefined;
    else if (!state.flagsEnded && word === '--') state.flagsEnded = true;
    else if (!state.flagsEnded && word.length > 1 && word.startsWith('-'))
      state.pending = awaitingValue(word, flags);
    else {
      state.positionals.push(word);
      if (!interspersed) state.flagsEnded = true;
    }
  }
  return state;
}

function inFlag(state: Walk, current: string): Completion | undefined {
  if (state.pending) return flagValue(state.pending, current);
  if (state.flagsEnded || !current.startsWith('-')) return undefined;
  const equals = current.indexOf('=');
  if (equals < 0) return flagNames(state.flags, current);
  const flag = state.flags.find(({ name }) => current.slice(0, equals) === `--${name}`);
  return flag ? flagValue(flag, current, current.slice(0, equals + 1)) : nothing;
}

/** Commands and groups right below `group`, in every spelling that is not hidden. */
function commandNames(group: string, entries: readonly CommandEntry[], index: CommandIndex): Candidate[] {
  const found = new Map<string, string>();
  for (const entry of entries) {
    if (entry.hidden) continue;
    for (const spelling of [entry.path, ...entry.aliases]) {
      if (group === '') {
        const first = spelling.split(' ')[0]!;
        found.set(first, index.groups[first] ?? entry.summary);
      } else if (spelling.startsWith(group + ' ')) found.set(spelling.slice(group.length + 1), entry.summary);
    }
  }
  if (group === '') found.set('help', 'Help about any command');
  return [...found]
    .map(([value, tooltip]) => ({ value, tooltip: tooltip || (groupSummaries[value] ?? '') }))
    .sort((a, b) => (a.value < b.value ? -1 : 1));
}

/**
 * Completes the last of `words` (those after `porthole`; it may be empty). Names of objects that are already among the
 * arguments are not offered again.
 */
export function complete(words: readonly string[], entries: readonly CommandEntry[]): Completion {
  const index = indexOf(entries);
  const current = words.at(-1) ?? '';
  const typed = words.slice(0, -1);
  const globals = [...flagEntries(globalFlags), help];
  const start = positionalIndex(typed, globals);
  if (start < 0) {
    return (
      inFlag(walk(typed, globals, false), current) ?? starting(commandNames('', entries, index), current)
    );
  }
  const before = typed.slice(typed[start] === 'help' ? start + 1 : start);
  let path = '';
  for (let depth = 0; depth < before.length; depth++) {
    const word = before[depth]!;
    if (word.startsWith('-')) continue;
    const spelling = path === '' ? word : `${path} ${word}`;
    const found = own(index.commands, spelling);
    if (found) {
      const entry = entries.find(({ file }) => file === found[0])!;
      return inCommand(entry, before.slice(depth + 1), current);
    }
    if (!Object.hasOwn(index.groups, spelling)) return nothing;
    path = spelling;
  }
  if (current.startsWith('-')) return flagNames([help], current);
  return starting(commandNames(path, entries, index), current);
}

/** Index of the first word that is neither a flag nor its value. */
function positionalIndex(words: readonly string[], flags: readonly FlagEntry[]): number {
  let pending = false;
  return words.findIndex((word) => {
    if (pending) pending = false;
    else if (word.startsWith('-')) pending = awaitingValue(word, flags) !== undefined;
    else return true;
    return false;
  });
}

function inCommand(entry: CommandEntry, before: readonly string[], current: string): Completion {
  const own = new Set(entry.flags.map(({ name }) => name));
  const common = flagEntries(commonFlags).filter(({ name }) => !own.has(name) && name !== 'help');
  const flags = [...entry.flags, ...common, ...(own.has('help') ? [] : [help])];
  const state = walk(before, flags, entry.interspersed);
  const flag = inFlag(state, current);
  if (flag) return flag;
  if (entry.completes === 'none') return nothing;
  // Behind the object of run or exec come words of the container's program.
  if (!entry.interspersed && state.positionals.length > 0) return nothing;
  if (entry.completes === 'file') return { kind: 'files' };
  return { kind: 'objects', of: entry.completes, prefix: current, lead: '', given: state.positionals };
}

/** A command line as typed in bash, cut into words: quotes and backslashes as far as completion needs them. */
export function splitLine(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let index = 0; index < line.length; index++) {
    const character = line[index]!;
    if (quote !== '') {
      if (character === quote) quote = '';
      else if (character === '\\' && quote === '"' && /["\\$`]/.test(line[index + 1] ?? ''))
        word += line[++index]!;
      else word += character;
    } else if (character === '"' || character === "'") {
      quote = character;
      word ??= '';
    } else if (character === '\\') word = (word ?? '') + (line[++index] ?? '');
    else if (/\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + character;
  }
  return [...words, word ?? ''];
}
