import { checkTerminal } from '../src/cli/attach.ts';
import { CliError, errorText, startExitCode, withHelpPointer } from '../src/cli/cli-error.ts';
import { clientOf } from '../src/cli/client-of.ts';
import { Command } from '../src/cli/command.ts';
import { proxyVariables, readClientConfig } from '../src/cli/config-file.ts';
import { checkPullPolicy, createContainer } from '../src/cli/container-create.ts';
import type { FlagSpecs, ParsedFlags } from '../src/cli/flag.ts';
import { reportExit } from '../src/cli/report-exit.ts';
import { progressFlag } from '../src/cli/render/progress.ts';
import type { ProgressMode } from '../src/cli/render/progress.ts';
import { containerFlagAliases, containerFlags } from '../src/cli/requests/container-flags.ts';
import { refuseApiSocket, toCreateRequest } from '../src/cli/requests/create.ts';
import { lostQuotes, lostQuotesHint } from '../src/cli/requests/options.ts';
import { runAttached } from '../src/cli/run-attached.ts';
import { detachKeysFlag } from '../src/cli/shared-flags.ts';
import { startDetached } from '../src/cli/start-detached.ts';
import { consoleSize } from '../src/cli/terminal-size.ts';
import type { ContainerCreateRequest } from '../src/api/types/index.ts';

const flags = {
  ...containerFlags,
  detach: { type: 'bool', char: 'd', description: 'Run container in background and print container ID' },
  'detach-keys': detachKeysFlag,
  'sig-proxy': { type: 'bool', description: 'Proxy received signals to the process', default: true },
  progress: progressFlag,
} as const satisfies FlagSpecs;

type Parsed = ParsedFlags<typeof flags>;

export default class Run extends Command {
  static readonly summary = 'Create and run a new container from an image';
  static readonly usage = '[OPTIONS] IMAGE [COMMAND] [ARG...]';
  static readonly flags = flags;
  static readonly flagAliases = containerFlagAliases;
  static readonly args = { min: 1 };
  static readonly aliases = ['container run'];
  static readonly interspersed = false;
  static readonly category = 'common';
  static readonly completes = 'image';
  static readonly examples = [
    'porthole run --rm mcr.microsoft.com/windows/nanoserver:ltsc2022 cmd /c ver',
    'porthole run --detach --publish 8080:80 --name web app',
    'porthole run --rm --volume "${PWD}:C:\\src" app',
  ];

  async run(parsed: Parsed): Promise<number | undefined> {
    const { flags } = parsed;
    const request = await this.#request(parsed).catch((error: unknown) => {
      throw this.#wrapped(error, 125);
    });
    if (flags.detach) {
      if (flags.attach.length > 0)
        throw new CliError('conflicting options: cannot specify both --attach and --detach');
    } else checkTerminal(this.context, request.AttachStdin, request.Tty);
    try {
      return await this.#run(flags, request);
    } catch (error) {
      if (error instanceof CliError && error.message === '') throw error;
      throw this.#wrapped(error, startExitCode(errorText(error)), parsed.args);
    }
  }

  async #request(parsed: Parsed) {
    const { flags, args } = parsed;
    checkPullPolicy(flags.pull);
    const [image, ...command] = args;
    const proxies = proxyVariables(readClientConfig(this.context));
    return toCreateRequest({ ...parsed, image: image!, command, proxies }, clientOf(this.context));
  }

  async #run(flags: Parsed['flags'], request: ContainerCreateRequest): Promise<number | undefined> {
    if (flags['use-api-socket']) refuseApiSocket();
    request.HostConfig.ConsoleSize = consoleSize(this.context);
    const engine = await this.context.engine();
    const { id, warnings } = await createContainer(this.context, engine, request, {
      name: flags.name,
      platform: flags.platform,
      pull: flags.pull,
      quiet: flags.quiet,
      progress: flags.progress as ProgressMode,
    });
    this.result({ Id: id, Warnings: warnings });
    const { AttachStdin: stdin, AttachStdout: stdout, AttachStderr: stderr } = request;
    if (!stdin && !stdout && !stderr) {
      this.context.stdout.write(`${id}\n`);
      await startDetached(this.context, engine, id, flags.rm);
      return undefined;
    }
    const detachKeys = flags['detach-keys'] || (readClientConfig(this.context).detachKeys ?? '');
    const { statusCode, ...output } = await runAttached(this.context, engine, {
      id,
      autoRemove: flags.rm,
      signalProxy: flags['sig-proxy'],
      attach: { tty: request.Tty, stdin, stdout, stderr, detachKeys },
    });
    this.result({ Id: id, Warnings: warnings, StatusCode: statusCode ?? null, ...output });
    return statusCode === undefined ? 0 : reportExit(this.context, statusCode);
  }

  /** Docker reports every error of `run` in one form; a command that lost its JSON quotes on the way is named as the cause. */
  #wrapped(error: unknown, exitCode: number, args: readonly string[] = []): CliError {
    const wrapped = withHelpPointer(this.context.bin, 'run', error, exitCode);
    if (exitCode !== 127 || !args.slice(1).some(lostQuotes)) return wrapped;
    return new CliError(wrapped.message, {
      kind: wrapped.kind,
      code: wrapped.code,
      plainMessage: wrapped.plainMessage,
      hint: lostQuotesHint,
      cause: error,
      exitCode,
    });
  }
}
