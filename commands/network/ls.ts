import { Command } from '../../src/cli/command.ts';
import { readClientConfig } from '../../src/cli/config-file.ts';
import type { FlagSpecs, ParsedFlags } from '../../src/cli/flag.ts';
import { listText } from '../../src/cli/lists.ts';
import { networkDefinition, networkFormat } from '../../src/cli/render/networks.ts';
import { naturalCompare } from '../../src/cli/render/short.ts';
import { toFilters } from '../../src/cli/requests/filters.ts';
import { listFormat } from '../../src/cli/shared-flags.ts';

const flags = {
  filter: { type: 'filter', char: 'f', description: 'Provide filter values (e.g. "driver=bridge")' },
  format: listFormat,
  'no-trunc': { type: 'bool', description: 'Do not truncate the output' },
  quiet: { type: 'bool', char: 'q', description: 'Only display network IDs' },
} as const satisfies FlagSpecs;

export default class NetworkLs extends Command {
  static readonly summary = 'List networks';
  static readonly usage = '[OPTIONS]';
  static readonly flags = flags;
  static readonly args = { min: 0, max: 0 };
  static readonly aliases = ['network list'];
  static readonly examples = ['porthole network ls --filter driver=nat'];

  async run({ flags }: ParsedFlags<typeof NetworkLs.flags>): Promise<void> {
    const { networks } = await this.context.engine();
    const found = await networks.list({ signal: this.context.signal, filters: toFilters(flags.filter) });
    const sorted = found.toSorted((a, b) => naturalCompare(a.Name, b.Name));
    this.result(sorted);
    const configured = flags.quiet ? undefined : readClientConfig(this.context).networksFormat;
    const format = networkFormat(flags.format || configured || 'table', flags.quiet);
    this.context.stdout.write(listText(sorted, networkDefinition(!flags['no-trunc']), format));
  }
}
