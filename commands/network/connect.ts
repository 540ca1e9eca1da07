import { Command } from '../../src/cli/command.ts';
import type { ParsedFlags } from '../../src/cli/flag.ts';
import { networkConnectFlags, toNetworkConnectRequest } from '../../src/cli/requests/network.ts';

export default class NetworkConnect extends Command {
  static readonly summary = 'Connect a container to a network';
  static readonly usage = '[OPTIONS] NETWORK CONTAINER';
  static readonly flags = networkConnectFlags;
  static readonly args = { min: 2, max: 2 };
  static readonly completes = 'network';
  static readonly examples = ['porthole network connect --alias db mynet web'];

  async run({ flags, args }: ParsedFlags<typeof NetworkConnect.flags>): Promise<void> {
    const [network, container] = args as [string, string];
    const request = toNetworkConnectRequest(container, flags);
    const { networks } = await this.context.engine();
    await networks.connect(network, request, { signal: this.context.signal });
    this.result({ Network: network, Container: container });
  }
}
