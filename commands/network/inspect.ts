import { Command } from '../../src/cli/command.ts';
import type { FlagSpecs, ParsedFlags } from '../../src/cli/flag.ts';
import { inspectObjects } from '../../src/cli/inspect.ts';
import { templateFormat } from '../../src/cli/shared-flags.ts';

const flags = {
  format: { ...templateFormat, char: 'f' },
  verbose: { type: 'bool', char: 'v', description: 'Verbose output for diagnostics' },
} as const satisfies FlagSpecs;

export default class NetworkInspect extends Command {
  static readonly summary = 'Display detailed information on one or more networks';
  static readonly usage = '[OPTIONS] NETWORK [NETWORK...]';
  static readonly flags = flags;
  static readonly args = { min: 1 };
  static readonly completes = 'network';
  static readonly examples = ["porthole network inspect --format '{{json .IPAM.Config}}' nat"];

  async run({ flags, args }: ParsedFlags<typeof NetworkInspect.flags>): Promise<void> {
    await inspectObjects(this.context, 'network', args, flags, (found) => this.result(found));
  }
}
