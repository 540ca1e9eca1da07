import { Command } from '../../src/cli/command.ts';
import type { ParsedFlags } from '../../src/cli/flag.ts';
import { networkCreateFlags, toNetworkCreateRequest } from '../../src/cli/requests/network.ts';

export default class NetworkCreate extends Command {
  static readonly summary = 'Create a network';
  static readonly usage = '[OPTIONS] NETWORK';
  static readonly flags = networkCreateFlags;
  static readonly args = { min: 1, max: 1 };
  static readonly completes = 'none';
  static readonly examples = ['porthole network create --driver nat --subnet 172.30.0.0/16 mynet'];

  async run(parsed: ParsedFlags<typeof NetworkCreate.flags>): Promise<void> {
    const request = toNetworkCreateRequest(parsed.args[0]!, parsed);
    const { networks } = await this.context.engine();
    const created = await networks.create(request, { signal: this.context.signal });
    this.result(created);
    if (created.Warning !== '') this.context.stderr.write(`WARNING: ${created.Warning}\n`);
    this.context.stdout.write(`${created.Id}\n`);
  }
}
