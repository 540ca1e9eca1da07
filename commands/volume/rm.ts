import { joinErrors } from '../../src/cli/cli-error.ts';
import { Command } from '../../src/cli/command.ts';
import type { FlagSpecs, ParsedFlags } from '../../src/cli/flag.ts';
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
    const done: string[] = [];
    const failures: unknown[] = [];
    this.result(done);
    for (const name of args) {
      try {
        if (dryRun) await volumes.inspect(name, { signal });
        else await volumes.remove(name, { signal, force });
        done.push(name);
        this.context.stdout.write(`${name}\n`);
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw joinErrors(failures);
  }
}
