import { Command } from '../src/cli/command.ts';
import type { FlagSpecs, ParsedFlags } from '../src/cli/flag.ts';
import { inParallel, reportNames } from '../src/cli/parallel.ts';

const flags = {
  signal: { type: 'string', char: 's', description: 'Signal to send to the container' },
} as const satisfies FlagSpecs;

export default class Kill extends Command {
  static readonly summary = 'Kill one or more running containers';
  static readonly usage = '[OPTIONS] CONTAINER [CONTAINER...]';
  static readonly flags = flags;
  static readonly args = { min: 1 };
  static readonly aliases = ['container kill'];
  static readonly completes = 'running-container';
  static readonly examples = ['porthole kill --signal TERM web'];

  async run({ flags, args }: ParsedFlags<typeof Kill.flags>): Promise<void> {
    const { signal } = this.context;
    const { containers } = await this.context.engine();
    const killing = inParallel(args, (name) => containers.kill(name, flags.signal || 'KILL', { signal }));
    await reportNames(this.context, killing, { result: (done) => this.result(done) });
  }
}
