import { CliError } from '../src/cli/cli-error.ts';
import { Command } from '../src/cli/command.ts';
import type { FlagSpecs, ParsedFlags } from '../src/cli/flag.ts';
import { changeLines } from '../src/cli/render/changes.ts';

export default class Diff extends Command {
  static readonly summary = "Inspect changes to files or directories on a container's filesystem";
  static readonly usage = 'CONTAINER';
  static readonly flags = {} as const satisfies FlagSpecs;
  static readonly args = { min: 1, max: 1 };
  static readonly aliases = ['container diff'];
  static readonly completes = 'container';
  static readonly examples = ['porthole diff web'];

  async run({ args }: ParsedFlags<typeof Diff.flags>): Promise<void> {
    const container = args[0]!.trim();
    if (args[0] === '') throw new CliError('Container name cannot be empty');
    if (container === '') throw new CliError('invalid container name or ID: value is empty');
    const { containers } = await this.context.engine();
    const changes = (await containers.changes(container, { signal: this.context.signal })) ?? [];
    this.result(changes);
    this.context.stdout.write(changeLines(changes));
  }
}
