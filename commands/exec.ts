import { asError, PortholeError } from '../src/errors/porthole-error.ts';
import type { Engine } from '../src/engine/roles/index.ts';
import { checkTerminal, copyStdio } from '../src/cli/attach.ts';
import type { AttachOptions } from '../src/cli/attach.ts';
import { CliError, startExitCode } from '../src/cli/cli-error.ts';
import { clientOf } from '../src/cli/client-of.ts';
import { Command } from '../src/cli/command.ts';
import { readClientConfig } from '../src/cli/config-file.ts';
import type { ParsedFlags } from '../src/cli/flag.ts';
import { outputSink } from '../src/cli/output-sink.ts';
import { reportExit } from '../src/cli/report-exit.ts';
import { lostQuotes, lostQuotesHint } from '../src/cli/requests/options.ts';
import { execFlags, toExecRequest } from '../src/cli/requests/exec.ts';
import { consoleSize, followTerminalSize } from '../src/cli/terminal-size.ts';

export default class Exec extends Command {
  static readonly summary = 'Execute a command in a running container';
  static readonly usage = '[OPTIONS] CONTAINER COMMAND [ARG...]';
  static readonly flags = execFlags;
  static readonly args = { min: 2 };
  static readonly aliases = ['container exec'];
  static readonly interspersed = false;
  static readonly category = 'common';
  static readonly completes = 'running-container';
  static readonly examples = [
    'porthole exec --interactive --tty web powershell',
    'porthole exec web cmd /c dir C:\\',
  ];

  async run({ flags, args }: ParsedFlags<typeof Exec.flags>): Promise<number> {
    const { signal } = this.context;
    const [container, ...command] = args as [string, ...string[]];
    const configured = readClientConfig(this.context).detachKeys ?? '';
    const request = await toExecRequest(flags, command, clientOf(this.context), configured);
    const engine = await this.context.engine();
    // Whether the container is there comes before whether our input is a terminal.
    await engine.containers.inspect(container, { signal });
    if (!flags.detach) checkTerminal(this.context, request.AttachStdin, request.Tty);
    if (request.Tty) request.ConsoleSize = consoleSize(this.context);
    const { Id: id } = await engine.exec.create(container, request, { signal });
    if (id === '') throw new PortholeError('internal', 'EXEC_ID', 'exec ID empty');
    this.result({ ID: id });
    if (flags.detach) {
      await engine.exec.start(id, { detach: true, tty: request.Tty, signal });
      return 0;
    }
    return this.#interactive(engine.exec, id, command, {
      tty: request.Tty,
      stdin: request.AttachStdin,
      stdout: true,
      stderr: true,
      detachKeys: request.DetachKeys,
    });
  }

  async #interactive(
    exec: Engine['exec'],
    id: string,
    command: string[],
    options: AttachOptions,
  ): Promise<number> {
    const session = await exec.start(id, { detach: false, tty: options.tty }).catch((error: unknown) => {
      throw notStarted(error, command);
    });
    if (!session) throw new PortholeError('internal', 'EXEC_SESSION', 'exec gave no streams');
    const sink = outputSink(this.context);
    const stopSizing =
      options.tty && this.context.outTerminal.isTTY
        ? followTerminalSize(this.context, (size) => exec.resize(id, size))
        : () => undefined;
    try {
      const end = await copyStdio(this.context, session, options, sink);
      this.result(() => ({ ID: id, ...sink.collected() }));
      if (end !== 'ended') return 0;
    } finally {
      stopSizing();
      session.close();
    }
    const { ExitCode: code } = await exec.inspect(id);
    this.result(() => ({ ID: id, ExitCode: code, ...sink.collected() }));
    return reportExit(this.context, code ?? 0);
  }
}

/** A program that cannot be started: Docker's client has the engine's bare words and the code of a shell, 126 or 127. */
function notStarted(error: unknown, command: readonly string[]): Error {
  if (!(error instanceof PortholeError)) return asError(error);
  const exitCode = startExitCode(error.message);
  if (exitCode === 125) return error;
  return new CliError(error.message, {
    kind: error.kind,
    code: error.code,
    exitCode,
    ...hintFor(error, command),
    cause: error,
  });
}

function hintFor({ hint }: PortholeError, command: readonly string[]): { hint?: string } {
  if (command.some(lostQuotes)) return { hint: lostQuotesHint };
  return hint === undefined ? {} : { hint };
}
