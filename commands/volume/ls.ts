import { Command } from '../../src/cli/command.ts';
import { readClientConfig } from '../../src/cli/config-file.ts';
import type { FlagSpecs, ParsedFlags } from '../../src/cli/flag.ts';
import { listText } from '../../src/cli/lists.ts';
import { naturalCompare } from '../../src/cli/render/short.ts';
import { volumeDefinition, volumeFormat } from '../../src/cli/render/volumes.ts';
import { toFilters } from '../../src/cli/requests/filters.ts';
import { listFormat } from '../../src/cli/shared-flags.ts';

const flags = {
  cluster: {
    type: 'bool',
    description: 'Display only cluster volumes, and use cluster volume list formatting',
  },
  filter: { type: 'filter', char: 'f', description: 'Provide filter values (e.g. "dangling=true")' },
  format: listFormat,
  quiet: { type: 'bool', char: 'q', description: 'Only display volume names' },
} as const satisfies FlagSpecs;

export default class VolumeLs extends Command {
  static readonly summary = 'List volumes';
  static readonly usage = '[OPTIONS]';
  static readonly flags = flags;
  static readonly args = { min: 0, max: 0 };
  static readonly aliases = ['volume list'];
  static readonly examples = ['porthole volume ls --filter dangling=true'];

  async run({ flags }: ParsedFlags<typeof VolumeLs.flags>): Promise<void> {
    const { cluster, quiet } = flags;
    const { volumes } = await this.context.engine();
    const { signal } = this.context;
    const { Volumes: found, Warnings: warnings } = await volumes.list({
      signal,
      filters: toFilters(flags.filter),
    });
    // Cluster volumes are a swarm's.
    const sorted = cluster ? [] : (found ?? []).toSorted((a, b) => naturalCompare(a.Name, b.Name));
    this.result(sorted);
    const configured = quiet ? undefined : readClientConfig(this.context).volumesFormat;
    const format = volumeFormat(flags.format || configured || 'table', { quiet, cluster });
    this.context.stdout.write(listText(sorted, volumeDefinition, format));
    for (const warning of warnings ?? []) this.context.stderr.write(`WARNING: ${warning}\n`);
  }
}
