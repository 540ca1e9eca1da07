import { CliError } from '../src/cli/cli-error.ts';
import { Command } from '../src/cli/command.ts';
import type { FlagSpecs, ParsedFlags } from '../src/cli/flag.ts';
import { readText } from '../src/cli/read-text.ts';
import { catalogue, catalogueVersion } from '../src/explain/catalogue.ts';
import { findExplanations } from '../src/explain/find.ts';
import { answerDocument, explanationDocument } from '../src/explain/json.ts';
import { describeUnknown, listExplanations, renderAnswer } from '../src/explain/render.ts';

const flags = {
  all: { type: 'bool', char: 'a', description: 'Show every match in full' },
  list: { type: 'bool', description: 'List everything that can be explained and exit' },
} as const satisfies FlagSpecs;

export default class Explain extends Command {
  static readonly summary = 'Explain an error code or message of Windows, Docker or Porthole';
  static readonly usage = '[OPTIONS] [CODE|TEXT|-]...';
  static readonly description =
    'Explain an error code or message of Windows, Docker or Porthole.\n\n' +
    'Takes HRESULT, NTSTATUS, Win32 and exit codes (decimal, hexadecimal or negative),\n' +
    'symbols, or the text of an error; "-", or nothing, reads standard input. Works\n' +
    'offline. Exit codes: 0 explained, 1 not in the table.';
  static readonly flags = flags;
  static readonly args = { min: 0 };
  static readonly negativeNumbers = true;
  static readonly examples = [
    'porthole explain 0xC0370106',
    'porthole explain -1073741515',
    'porthole run app 2>&1 | porthole explain',
  ];

  async run({ flags, args }: ParsedFlags<typeof Explain.flags>): Promise<number> {
    const { stdout, stdin, inTerminal } = this.context;
    if (flags.list) {
      if (args.length > 0)
        throw new CliError('--list shows everything: leave it or the text out', {
          code: 'USAGE',
          exitCode: 125,
        });
      this.result(() => ({
        apiVersion: 'porthole/v1',
        table: catalogueVersion,
        explanations: catalogue.map(explanationDocument),
      }));
      stdout.write(listExplanations(catalogue));
      return 0;
    }
    const fromStdin = args.length === 0 || (args.length === 1 && args[0] === '-');
    if (args.length === 0 && inTerminal.isTTY) {
      throw new CliError('nothing to explain: give a code, a text, or - to read standard input', {
        code: 'USAGE',
        exitCode: 125,
      });
    }
    const text = fromStdin ? await readText(stdin) : args.join(' ');
    if (text.trim() === '') throw new CliError('nothing to explain: the text is empty', { code: 'USAGE' });
    const answer = findExplanations(text);
    this.result(() => answerDocument(answer));
    if (answer.matches.length > 0) {
      stdout.write(renderAnswer(answer, flags.all));
      return 0;
    }
    if (this.context.json) return 1;
    const [unknown] = answer.unknown;
    throw new CliError(
      unknown === undefined
        ? 'nothing in this text is known: it holds no code and no message of the table'
        : describeUnknown(unknown),
      { kind: 'notFound', code: 'NOT_EXPLAINED', hint: 'porthole explain --list shows what is known' },
    );
  }
}
