import { CliError } from '../../src/cli/cli-error.ts';
import { Command } from '../../src/cli/command.ts';
import { readClientConfig, withPruneFilters } from '../../src/cli/config-file.ts';
import type { ParsedFlags } from '../../src/cli/flag.ts';
import { confirmPrune } from '../../src/cli/prompt.ts';
import { deletedText } from '../../src/cli/render/prune.ts';
import { toFilters } from '../../src/cli/requests/filters.ts';
import { pruneFlags } from '../../src/cli/shared-flags.ts';
import { humanSize } from '../../src/text/size.ts';

export default class VolumePrune extends Command {
  static readonly summary = 'Remove unused local volumes';
  static readonly usage = '[OPTIONS]';
  static readonly flags = {
    all: { type: 'bool', char: 'a', description: 'Remove all unused volumes, not just anonymous ones' },
    ...pruneFlags,
    filter: { ...pruneFlags.filter, description: 'Provide filter values (e.g. "label=<label>")' },
  } as const;
  static readonly args = { min: 0, max: 0 };
  static readonly examples = ['porthole volume prune --force', 'porthole volume prune --all --dry-run'];

  async run({ flags }: ParsedFlags<typeof VolumePrune.flags>): Promise<void> {
    const { all, 'dry-run': dryRun } = flags;
    const filters = withPruneFilters(toFilters(flags.filter), readClientConfig(this.context));
    if (all && 'all' in filters)
      throw new CliError('conflicting options: cannot specify both --all and --filter all=1');
    const asked = all ? { all: ['true'], ...filters } : filters;
    const kind = all ? 'all local' : 'anonymous local';
    await confirmPrune(this.context, flags, `${kind} volumes not used by at least one container`);
    const { volumes } = await this.context.engine();
    const report = await volumes.prune({ signal: this.context.signal, filters: asked, dryRun });
    this.result(report);
    this.context.stdout.write(deletedText('Volumes', report.VolumesDeleted ?? [], dryRun));
    this.context.stdout.write(`Total reclaimed space: ${humanSize(report.SpaceReclaimed ?? 0)}\n`);
  }
}
