import { Command } from '../src/cli/command.ts';
import type { FlagSpecs, ParsedFlags } from '../src/cli/flag.ts';
import { listText } from '../src/cli/lists.ts';
import { checkPlatform } from '../src/cli/references.ts';
import { historyDefinition, historyFormat } from '../src/cli/render/history.ts';
import { listFormat } from '../src/cli/shared-flags.ts';
import { clientZone } from '../src/cli/zone.ts';

const flags = {
  format: listFormat,
  human: {
    type: 'bool',
    char: 'H',
    description: 'Print sizes and dates in human readable format',
    default: true,
  },
  'no-trunc': { type: 'bool', description: "Don't truncate output" },
  platform: {
    type: 'string',
    description:
      'Show history for the given platform. Formatted as "os[/arch[/variant]]" (e.g., "linux/amd64")',
  },
  quiet: { type: 'bool', char: 'q', description: 'Only show image IDs' },
} as const satisfies FlagSpecs;

export default class History extends Command {
  static readonly summary = 'Show the history of an image';
  static readonly usage = '[OPTIONS] IMAGE';
  static readonly flags = flags;
  static readonly args = { min: 1, max: 1 };
  static readonly aliases = ['image history'];
  static readonly completes = 'image';
  static readonly examples = ['porthole history --no-trunc app'];

  async run({ flags, args }: ParsedFlags<typeof History.flags>): Promise<void> {
    const name = args[0]!;
    const { environment, signal } = this.context;
    const platform = checkPlatform(flags.platform, this.context);
    const { images } = await this.context.engine();
    // Images here have one platform: another one asked for is the engine's refusal.
    if (platform !== '') await images.inspect(name, { signal, platform });
    const items = await images.history(name, { signal });
    this.result(items);
    const view = {
      now: environment.now(),
      zone: clientZone(environment),
      truncate: !flags['no-trunc'],
      human: flags.human,
    };
    const format = historyFormat(flags.format || 'table', flags.quiet, flags.human);
    this.context.stdout.write(listText(items, historyDefinition(view), format));
  }
}
