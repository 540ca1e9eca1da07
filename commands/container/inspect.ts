import { Command } from '../../src/cli/command.ts';
import type { FlagSpecs, ParsedFlags } from '../../src/cli/flag.ts';
import { inspectObjects } from '../../src/cli/inspect.ts';
import { templateFormat } from '../../src/cli/shared-flags.ts';

const flags = {
  format: { ...templateFormat, char: 'f' },
  size: { type: 'bool', char: 's', description: 'Display total file sizes' },
} as const satisfies FlagSpecs;

export default class ContainerInspect extends Command {
  static readonly summary = 'Display detailed information on one or more containers';
  static readonly usage = '[OPTIONS] CONTAINER [CONTAINER...]';
  static readonly flags = flags;
  static readonly args = { min: 1 };
  static readonly completes = 'container';
  static readonly examples = ["porthole container inspect --format '{{.State.Status}}' web"];

  async run({ flags, args }: ParsedFlags<typeof ContainerInspect.flags>): Promise<void> {
    await inspectObjects(this.context, 'container', args, flags, (found) => this.result(found));
  }
}
