import { Command } from '../../src/cli/command.ts';
import type { FlagSpecs, ParsedFlags } from '../../src/cli/flag.ts';
import { inSequence, reportNames } from '../../src/cli/parallel.ts';
import { dryRunFlag } from '../../src/cli/shared-flags.ts';

const flags = {
  'dry-run': dryRunFlag,
  force: { type: 'bool', char: 'f', description: 'Force the removal of one or more volumes' },
} as const satisfies FlagSpecs;

export default class VolumeRm extends Command {
  static readonly summary = 'Remove one or more volumes';
  static readonly description =
    'Remove one or more volumes. You cannot remove a volume that is in use by a container.';
  static readonly usage = '[OPTIONS] VOLUME [VOLUME...]';
  static readonly flags = flags;
  static readonly args = { min: 1 };
  static readonly aliases = ['volume remove'];
  static readonly completes = 'volume';
  static readonly examples = ['porthole volume rm data'];

  async run({ flags, args }: ParsedFlags<typeof VolumeRm.flags>): Promise<void> {
    const { signal } = this.context;
    const { force, 'dry-run': dryRun } = flags;
    const { volumes } = await this.context.engine();
    const remove = async (name: string): Promise<void> => {
      if (dryRun) await volumes.inspect(name, { signal });
      else await volumes.remove(name, { signal, force });
    };
    await reportNames(this.context, inSequence(args, remove), { result: (done) => this.result(done) });
  }
}
