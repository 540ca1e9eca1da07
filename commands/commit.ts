import { CliError } from '../src/cli/cli-error.ts';
import { Command } from '../src/cli/command.ts';
import type { ParsedFlags } from '../src/cli/flag.ts';
import { commitFlags, toCommitRequest } from '../src/cli/requests/commit.ts';

export default class Commit extends Command {
  static readonly summary = "Create a new image from a container's changes";
  static readonly usage = '[OPTIONS] CONTAINER [REPOSITORY[:TAG]]';
  static readonly flags = commitFlags;
  static readonly args = { min: 1, max: 2 };
  static readonly aliases = ['container commit'];
  static readonly interspersed = false;
  static readonly completes = 'container';
  static readonly examples = [
    'porthole commit web acme/web:patched',
    'porthole commit --change "ENV DEBUG=1" --message "turn debugging on" web acme/web:debug',
  ];

  async run({ flags, args }: ParsedFlags<typeof Commit.flags>): Promise<void> {
    const [name, target] = args;
    const container = name!.trim();
    if (container === '') throw new CliError('invalid container name or ID: value is empty');
    const request = toCommitRequest(target, flags);
    const { containers } = await this.context.engine();
    const image = await containers.commit(container, request, { signal: this.context.signal });
    this.result(image);
    this.context.stdout.write(`${image.Id}\n`);
  }
}
