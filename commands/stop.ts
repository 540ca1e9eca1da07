import { unlessAlready } from '../src/cli/already.ts';
import { Command } from '../src/cli/command.ts';
import type { ParsedFlags } from '../src/cli/flag.ts';
import { inParallel, reportNames } from '../src/cli/parallel.ts';
import { stopFlags, stopOptions } from '../src/cli/requests/stop.ts';

export default class Stop extends Command {
  static readonly summary = 'Stop one or more running containers';
  static readonly usage = '[OPTIONS] CONTAINER [CONTAINER...]';
  static readonly flags = stopFlags;
  static readonly args = { min: 1 };
  static readonly aliases = ['container stop'];
  static readonly completes = 'running-container';
  static readonly examples = ['porthole stop --timeout 30 web'];

  async run(parsed: ParsedFlags<typeof Stop.flags>): Promise<void> {
    const options = { ...stopOptions(parsed), signal: this.context.signal };
    const { containers } = await this.context.engine();
    const stopping = inParallel(parsed.args, (name) => unlessAlready(containers.stop(name, options)));
    await reportNames(this.context, stopping, { result: (done) => this.result(done) });
  }
}
