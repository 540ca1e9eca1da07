import { joinErrors } from '../src/cli/cli-error.ts';
import { Command } from '../src/cli/command.ts';
import type { FlagSpecs, ParsedFlags } from '../src/cli/flag.ts';

export default class Wait extends Command {
  static readonly summary = 'Block until one or more containers stop, then print their exit codes';
  static readonly usage = 'CONTAINER [CONTAINER...]';
  static readonly flags = {} as const satisfies FlagSpecs;
  static readonly args = { min: 1 };
  static readonly aliases = ['container wait'];
  static readonly completes = 'running-container';
  static readonly examples = ['porthole wait web'];

  async run({ args }: ParsedFlags<typeof Wait.flags>): Promise<void> {
    const { signal } = this.context;
    const { containers } = await this.context.engine();
    const codes: { Name: string; StatusCode: number }[] = [];
    const errors: unknown[] = [];
    this.result(codes);
    for (const name of args) {
      try {
        const { exit } = await containers.wait(name, 'not-running', { signal });
        const { StatusCode: code } = await exit;
        codes.push({ Name: name, StatusCode: code });
        this.context.stdout.write(`${code}\n`);
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw joinErrors(errors);
  }
}
