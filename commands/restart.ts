import { Command } from '../src/cli/command.ts';
import type { ParsedFlags } from '../src/cli/flag.ts';
import { inSequence, reportNames } from '../src/cli/parallel.ts';
import { stopFlags, stopOptions } from '../src/cli/requests/stop.ts';

export default class Restart extends Command {
  static readonly summary = 'Restart one or more containers';
  static readonly usage = '[OPTIONS] CONTAINER [CONTAINER...]';
  static readonly flags = stopFlags;
  static readonly args = { min: 1 };
  static readonly aliases = ['container restart'];
  static readonly completes = 'container';
  static readonly examples = ['porthole restart --timeout 5 web'];

  async run(parsed: ParsedFlags<typeof Restart.flags>): Promise<void> {
    const options = { ...stopOptions(parsed), signal: this.context.signal };
    const { containers } = await this.context.engine();
    const restarting = inSequence(parsed.args, (name) => containers.restart(name, options));
    await reportNames(this.context, restarting, { result: (done) => this.result(done) });
  }
}
