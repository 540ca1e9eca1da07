import { Command } from '../../src/cli/command.ts';
import type { FlagSpecs, ParsedFlags } from '../../src/cli/flag.ts';
import { inspectObjects } from '../../src/cli/inspect.ts';
import { templateFormat } from '../../src/cli/shared-flags.ts';

const flags = { format: { ...templateFormat, char: 'f' } } as const satisfies FlagSpecs;

export default class VolumeInspect extends Command {
  static readonly summary = 'Display detailed information on one or more volumes';
  static readonly usage = '[OPTIONS] VOLUME [VOLUME...]';
  static readonly flags = flags;
  static readonly args = { min: 1 };
  static readonly completes = 'volume';
  static readonly examples = ["porthole volume inspect --format '{{.Mountpoint}}' data"];

  async run({ flags, args }: ParsedFlags<typeof VolumeInspect.flags>): Promise<void> {
    await inspectObjects(this.context, 'volume', args, flags, (found) => this.result(found));
  }
}
