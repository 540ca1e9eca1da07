import { Command } from '../src/cli/command.ts';
import type { FlagSpecs, ParsedFlags } from '../src/cli/flag.ts';
import { checkType, inspectObjects, inspectTypes } from '../src/cli/inspect.ts';
import { templateFormat } from '../src/cli/shared-flags.ts';

const flags = {
  format: { ...templateFormat, char: 'f' },
  size: {
    type: 'bool',
    char: 's',
    description: 'Display total file sizes if the type is container',
  },
  type: {
    type: 'string',
    description: 'Only inspect objects of the given type',
    complete: inspectTypes,
  },
} as const satisfies FlagSpecs;

export default class Inspect extends Command {
  static readonly summary = 'Return low-level information on Docker objects';
  static readonly usage = '[OPTIONS] NAME|ID [NAME|ID...]';
  static readonly flags = flags;
  static readonly args = { min: 1 };
  static readonly completes = 'container';
  static readonly examples = ["porthole inspect --format '{{.NetworkSettings.IPAddress}}' web"];

  async run({ flags, args }: ParsedFlags<typeof Inspect.flags>): Promise<void> {
    checkType(flags.type);
    await inspectObjects(this.context, flags.type, args, flags, (found) => this.result(found));
  }
}
