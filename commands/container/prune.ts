import { Command } from '../../src/cli/command.ts';
import { readClientConfig, withPruneFilters } from '../../src/cli/config-file.ts';
import type { ParsedFlags } from '../../src/cli/flag.ts';
import { confirmPrune } from '../../src/cli/prompt.ts';
import { deletedText } from '../../src/cli/render/prune.ts';
import { toFilters } from '../../src/cli/requests/filters.ts';
import { pruneFlags } from '../../src/cli/shared-flags.ts';
import { humanSize } from '../../src/text/size.ts';

export default class ContainerPrune extends Command {
  static readonly summary = 'Remove all stopped containers';
  static readonly usage = '[OPTIONS]';
  static readonly flags = pruneFlags;
  static readonly args = { min: 0, max: 0 };
  static readonly examples = ['porthole container prune --force --filter until=24h'];

  async run({ flags }: ParsedFlags<typeof ContainerPrune.flags>): Promise<void> {
    const filters = withPruneFilters(toFilters(flags.filter), readClientConfig(this.context));
    const dryRun = flags['dry-run'];
    await confirmPrune(this.context, flags, 'all stopped containers');
    const { containers } = await this.context.engine();
    const report = await containers.prune({ signal: this.context.signal, filters, dryRun });
    this.result(report);
    this.context.stdout.write(deletedText('Containers', report.ContainersDeleted ?? [], dryRun));
    this.context.stdout.write(`Total reclaimed space: ${humanSize(report.SpaceReclaimed ?? 0)}\n`);
  }
}
