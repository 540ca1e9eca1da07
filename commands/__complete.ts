import { commandEntries } from '../src/cli/command-entries.ts';
import { Command } from '../src/cli/command.ts';
import { complete, splitLine } from '../src/cli/complete.ts';
import type { Candidate, Completion } from '../src/cli/complete.ts';
import type { FlagSpecs, ParsedFlags } from '../src/cli/flag.ts';
import { objectNames } from '../src/cli/object-names.ts';

const flags = {
  line: { type: 'string', description: 'The command line up to the cursor, program included' },
  breaks: { type: 'string', description: 'Characters at which the shell breaks words' },
  empty: { type: 'bool', description: 'The word to complete is empty and not among the arguments' },
} as const satisfies FlagSpecs;

/** What the shells' scripts ask: `value<TAB>tooltip` a line, then `:files` or `:end`. Fails silently: a prompt is no place for errors. */
export default class Complete extends Command {
  static readonly summary = 'Complete a command line';
  static readonly usage = '[OPTIONS] [WORD...]';
  static readonly hidden = true;
  static readonly flags = flags;
  static readonly args = { min: 0 };
  static readonly completes = 'none';

  async run({ flags, args, changed }: ParsedFlags<typeof Complete.flags>): Promise<void> {
    const words = changed.has('line')
      ? splitLine(flags.line).slice(1)
      : [...args, ...(flags.empty ? [''] : [])];
    const completion = complete(words, await commandEntries());
    const candidates = await this.#candidates(completion);
    const skipped = changed.has('line') ? brokenPrefix(words.at(-1) ?? '', flags.breaks) : 0;
    this.result(candidates);
    for (const { value, tooltip } of candidates)
      this.context.stdout.write(`${value.slice(skipped)}\t${tooltip}\n`);
    this.context.stdout.write(completion.kind === 'files' ? ':files\n' : ':end\n');
  }

  async #candidates(completion: Completion): Promise<readonly Candidate[]> {
    if (completion.kind === 'files') return [];
    if (completion.kind === 'words') return completion.candidates;
    try {
      const { of, prefix, lead, given } = completion;
      const found = await objectNames(await this.context.engine(), of, prefix, given);
      return found.map(({ value, tooltip }) => ({ value: lead + value, tooltip }));
    } catch {
      return [];
    }
  }
}

/** How much of the word bash holds to be words of their own, because it breaks at `:` and `=`. */
function brokenPrefix(word: string, breaks: string): number {
  const at = [...word].findLastIndex((character) => ':='.includes(character) && breaks.includes(character));
  return at + 1;
}
