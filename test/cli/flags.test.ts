/** Every command's flags against the released client's, and its recorded complaints about wrong ones. */
import { expect } from 'chai';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkArguments, parseCommand } from '../../src/cli/argv.ts';
import { indexOf } from '../../src/cli/command-index.ts';
import type { CommandIndex } from '../../src/cli/command-index.ts';
import { scanCommands } from '../../src/cli/command-scan.ts';
import type { CommandClass } from '../../src/cli/command.ts';
import { syntaxOf } from '../../src/cli/dispatch.ts';
import { asError } from '../../src/errors/porthole-error.ts';
import { conformance } from '../support/conformance.ts';
import type { RecordedCase } from '../support/conformance.ts';

const commands = join(import.meta.dirname, '../../commands');

interface FlagFacts {
  readonly usage: string;
  readonly flags: readonly { readonly name: string; readonly short: string | null; readonly type: string }[];
}

describe('cli flags of every command', () => {
  let index: CommandIndex;
  const classes = new Map<string, CommandClass>();
  before(async function () {
    if (conformance === undefined) {
      console.log('      skipped: conformance data is not beside the checkout');
      this.skip();
    }
    index = indexOf(await scanCommands(commands));
    for (const [file] of Object.values(index.commands)) {
      classes.set(file, ((await import(join(commands, file + '.ts'))) as { default: CommandClass }).default);
    }
  });

  it('are those of the released client, but for our own and hidden ones', () => {
    const facts = JSON.parse(readFileSync(join(conformance!, 'help/flags.json'), 'utf8')) as Record<
      string,
      FlagFacts
    >;
    for (const [spelling, [file, path]] of Object.entries(index.commands)) {
      const theirs = facts[`docker ${spelling}`];
      if (!theirs) continue;
      const command = classes.get(file)!;
      const ours = Object.entries(command.flags)
        .filter(([, spec]) => spec.own !== true && spec.hidden !== true && spec.deprecated === undefined)
        .map(
          ([name, spec]) =>
            `${name} ${spec.char ?? '-'} ${(spec.placeholder ?? spec.type).replace('int64', 'int')}`,
        );
      const wanted = theirs.flags
        .filter(({ name }) => name !== 'help')
        .map(({ name, short, type }) => `${name} ${short ?? '-'} ${type}`);
      expect(ours.sort(), spelling).to.deep.equal(wanted.sort());
      expect(syntaxOf(command, path, 'docker').usage).to.equal(theirs.usage);
    }
  });

  it('are complained about in the recorded words', () => {
    let compared = 0;
    for (const file of readdirSync(join(conformance!, 'recorded'))) {
      const cases = JSON.parse(readFileSync(join(conformance!, 'recorded', file), 'utf8')) as RecordedCase[];
      for (const { name, args, expect: expected } of cases) {
        if (!/\n\nUsage: {2}docker /.test(expected.stderr)) continue;
        const words = args.findIndex((_word, at) => args.slice(0, at + 1).join(' ') in index.commands) + 1;
        const found = index.commands[args.slice(0, words).join(' ')];
        if (!found) continue;
        const syntax = syntaxOf(classes.get(found[0])!, found[1], 'docker');
        const complaint = (): string => {
          try {
            checkArguments(parseCommand(args.slice(words), syntax).values.args, syntax);
          } catch (error) {
            return asError(error).message + '\n';
          }
          return '';
        };
        expect(complaint(), name).to.equal(expected.stderr);
        compared++;
      }
    }
    expect(compared).to.be.above(10);
  });
});
