import { Command } from '../../src/cli/command.ts';
import { readClientConfig, withPruneFilters } from '../../src/cli/config-file.ts';
import type { ParsedFlags } from '../../src/cli/flag.ts';
import { confirmPrune } from '../../src/cli/prompt.ts';
import { deletedText } from '../../src/cli/render/prune.ts';
import { toFilters } from '../../src/cli/requests/filters.ts';
import { pruneFlags } from '../../src/cli/shared-flags.ts';
import { humanSize } from '../../src/text/size.ts';

export default class ImagePrune extends Command {
  static readonly summary = 'Remove unused images';
  static readonly usage = '[OPTIONS]';
  static readonly flags = {
    all: { type: 'bool', char: 'a', description: 'Remove all unused images, not just dangling ones' },
    ...pruneFlags,
  } as const;
  static readonly args = { min: 0, max: 0 };
  static readonly examples = ['porthole image prune --force', 'porthole image prune --all --dry-run'];

  async run({ flags }: ParsedFlags<typeof ImagePrune.flags>): Promise<void> {
    const { all, 'dry-run': dryRun } = flags;
    const filters = withPruneFilters(toFilters(flags.filter), readClientConfig(this.context));
    const { dangling = [], ...others } = filters;
    const asked = { dangling: [...new Set([...dangling, String(!all)])], ...others };
    const what = all ? 'all images without at least one container associated to them' : 'all dangling images';
    await confirmPrune(this.context, flags, what);
    const { images } = await this.context.engine();
    const report = await images.prune({ signal: this.context.signal, filters: asked, dryRun });
    this.result(report);
    const lines = (report.ImagesDeleted ?? []).map(({ Untagged: name, Deleted: id }) =>
      name === undefined ? `deleted: ${id}` : `untagged: ${name}`,
    );
    this.context.stdout.write(deletedText('Images', lines, dryRun));
    this.context.stdout.write(`Total reclaimed space: ${humanSize(report.SpaceReclaimed ?? 0)}\n`);
  }
}
