import { withHelpPointer } from '../src/cli/cli-error.ts';
import { clientOf } from '../src/cli/client-of.ts';
import { Command } from '../src/cli/command.ts';
import { proxyVariables, readClientConfig } from '../src/cli/config-file.ts';
import { checkPullPolicy, createContainer } from '../src/cli/container-create.ts';
import type { FlagSpecs, ParsedFlags } from '../src/cli/flag.ts';
import { progressFlag } from '../src/cli/render/progress.ts';
import type { ProgressMode } from '../src/cli/render/progress.ts';
import { containerFlagAliases, containerFlags } from '../src/cli/requests/container-flags.ts';
import { refuseApiSocket, toCreateRequest } from '../src/cli/requests/create.ts';
import { consoleSize } from '../src/cli/terminal-size.ts';

const flags = {
  ...containerFlags,
  // Docker's own words, with its slip of the pen.
  pull: { ...containerFlags.pull, description: 'Pull image before creating ("always", "|missing", "never")' },
  progress: progressFlag,
} as const satisfies FlagSpecs;

export default class Create extends Command {
  static readonly summary = 'Create a new container';
  static readonly usage = '[OPTIONS] IMAGE [COMMAND] [ARG...]';
  static readonly flags = flags;
  static readonly flagAliases = containerFlagAliases;
  static readonly args = { min: 1 };
  static readonly aliases = ['container create'];
  static readonly interspersed = false;
  static readonly completes = 'image';
  static readonly examples = ['porthole create --name web --publish 8080:80 app'];

  async run(parsed: ParsedFlags<typeof Create.flags>): Promise<void> {
    const { flags } = parsed;
    const request = await this.#request(parsed).catch((error: unknown) => {
      throw withHelpPointer(this.context.bin, 'create', error);
    });
    if (flags['use-api-socket']) refuseApiSocket();
    request.HostConfig.ConsoleSize = consoleSize(this.context);
    const { id, warnings } = await createContainer(this.context, await this.context.engine(), request, {
      name: flags.name,
      platform: flags.platform,
      pull: flags.pull,
      quiet: flags.quiet,
      progress: flags.progress as ProgressMode,
    });
    this.result({ Id: id, Warnings: warnings });
    this.context.stdout.write(`${id}\n`);
  }

  async #request(parsed: ParsedFlags<typeof Create.flags>) {
    checkPullPolicy(parsed.flags.pull);
    const [image, ...command] = parsed.args;
    const proxies = proxyVariables(readClientConfig(this.context));
    return toCreateRequest({ ...parsed, image: image!, command, proxies }, clientOf(this.context));
  }
}
