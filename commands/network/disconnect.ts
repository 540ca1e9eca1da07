import { Command } from '../../src/cli/command.ts';
import type { FlagSpecs, ParsedFlags } from '../../src/cli/flag.ts';

const flags = {
  force: {
    type: 'bool',
    char: 'f',
    description: 'Force the container to disconnect from a network',
  },
} as const satisfies FlagSpecs;

export default class NetworkDisconnect extends Command {
  static readonly summary = 'Disconnect a container from a network';
  static readonly usage = '[OPTIONS] NETWORK CONTAINER';
  static readonly flags = flags;
  static readonly args = { min: 2, max: 2 };
  static readonly completes = 'network';
  static readonly examples = ['porthole network disconnect mynet web'];

  async run({ flags, args }: ParsedFlags<typeof NetworkDisconnect.flags>): Promise<void> {
    const [network, container] = args as [string, string];
    const { networks } = await this.context.engine();
    const request = { Container: container, Force: flags.force };
    await networks.disconnect(network, request, { signal: this.context.signal });
    this.result({ Network: network, Container: container });
  }
}
