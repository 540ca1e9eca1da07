import { isKind } from '../../src/errors/porthole-error.ts';
import { CliError, errorText } from '../../src/cli/cli-error.ts';
import { Command } from '../../src/cli/command.ts';
import type { FlagSpecs, ParsedFlags } from '../../src/cli/flag.ts';
import { dryRunFlag } from '../../src/cli/shared-flags.ts';

const flags = {
  'dry-run': dryRunFlag,
  force: { type: 'bool', char: 'f', description: 'Do not error if the network does not exist' },
} as const satisfies FlagSpecs;

export default class NetworkRm extends Command {
  static readonly summary = 'Remove one or more networks';
  static readonly usage = 'NETWORK [NETWORK...]';
  static readonly flags = flags;
  static readonly args = { min: 1 };
  static readonly aliases = ['network remove'];
  static readonly completes = 'network';
  static readonly examples = ['porthole network rm mynet'];

  async run({ flags, args }: ParsedFlags<typeof NetworkRm.flags>): Promise<number> {
    const { signal } = this.context;
    const { networks } = await this.context.engine();
    const done: string[] = [];
    const failures: unknown[] = [];
    this.result(done);
    for (const name of args) {
      try {
        if (flags['dry-run']) await networks.inspect(name, { signal });
        else await networks.remove(name, { signal });
        done.push(name);
        this.context.stdout.write(`${name}\n`);
      } catch (error) {
        if (flags.force && isKind(error, 'notFound')) continue;
        failures.push(error);
      }
    }
    if (failures.length === 0) return 0;
    // Docker's client ends with the words of an empty status error.
    throw new CliError([...failures.map(errorText), 'exit status 1'].join('\n'), {
      plainMessage: failures.map(errorText).join('\n'),
      cause: failures[0],
    });
  }
}
