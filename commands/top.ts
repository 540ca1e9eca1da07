import { PortholeError } from '../src/errors/porthole-error.ts';
import { Command } from '../src/cli/command.ts';
import type { FlagSpecs, ParsedFlags } from '../src/cli/flag.ts';
import { topTable } from '../src/cli/render/top.ts';

export default class Top extends Command {
  static readonly summary = 'Display the running processes of a container';
  static readonly usage = 'CONTAINER [ps OPTIONS]';
  static readonly flags = {} as const satisfies FlagSpecs;
  static readonly args = { min: 1 };
  static readonly aliases = ['container top'];
  static readonly interspersed = false;
  static readonly completes = 'running-container';
  static readonly examples = ['porthole top web'];

  async run({ args }: ParsedFlags<typeof Top.flags>): Promise<void> {
    const [name, ...psArguments] = args;
    if (psArguments.join('') !== '')
      throw new PortholeError('internal', 'TOP_ARGUMENTS', 'Windows does not support arguments to top');
    const { containers } = await this.context.engine();
    const processes = await containers.top(name!, { signal: this.context.signal });
    this.result(processes);
    this.context.stdout.write(topTable(processes));
  }
}
