import { Command } from '../../src/cli/command.ts';
import { readClientConfig, withPruneFilters } from '../../src/cli/config-file.ts';
import type { ParsedFlags } from '../../src/cli/flag.ts';
import { confirmPrune } from '../../src/cli/prompt.ts';
import { deletedText } from '../../src/cli/render/prune.ts';
import { toFilters } from '../../src/cli/requests/filters.ts';
import { pruneFlags } from '../../src/cli/shared-flags.ts';

export default class NetworkPrune extends Command {
  static readonly summary = 'Remove all unused networks';
  static readonly usage = '[OPTIONS]';
  static readonly flags = pruneFlags;
  static readonly args = { min: 0, max: 0 };
  static readonly examples = ['porthole network prune --force'];

  async run({ flags }: ParsedFlags<typeof NetworkPrune.flags>): Promise<void> {
    const filters = withPruneFilters(toFilters(flags.filter), readClientConfig(this.context));
    const dryRun = flags['dry-run'];
    await confirmPrune(this.context, flags, 'all custom networks not used by at least one container');
    const { networks } = await this.context.engine();
    const report = await networks.prune({ signal: this.context.signal, filters, dryRun });
    this.result(report);
    this.context.stdout.write(deletedText('Networks', report.NetworksDeleted ?? [], dryRun));
  }
}
