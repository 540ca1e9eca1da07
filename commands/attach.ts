import type { ContainerInspect } from '../src/api/types/index.ts';
import type { Engine } from '../src/engine/roles/index.ts';
import { checkTerminal, copyStdio, forwardSignals } from '../src/cli/attach.ts';
import { CliError } from '../src/cli/cli-error.ts';
import { Command } from '../src/cli/command.ts';
import { readClientConfig } from '../src/cli/config-file.ts';
import type { FlagSpecs, ParsedFlags } from '../src/cli/flag.ts';
import { outputSink } from '../src/cli/output-sink.ts';
import { reportExit } from '../src/cli/report-exit.ts';
import { detachKeysFlag } from '../src/cli/shared-flags.ts';
import { followTerminalSize, terminalSize } from '../src/cli/terminal-size.ts';

const flags = {
  'detach-keys': detachKeysFlag,
  'no-stdin': { type: 'bool', description: 'Do not attach STDIN' },
  'sig-proxy': { type: 'bool', description: 'Proxy all received signals to the process', default: true },
} as const satisfies FlagSpecs;

export default class Attach extends Command {
  static readonly summary = 'Attach local standard input, output, and error streams to a running container';
  static readonly usage = '[OPTIONS] CONTAINER';
  static readonly flags = flags;
  static readonly args = { min: 1, max: 1 };
  static readonly aliases = ['container attach'];
  static readonly completes = 'running-container';
  static readonly examples = ['porthole attach --no-stdin web'];

  async run({ flags, args }: ParsedFlags<typeof Attach.flags>): Promise<number> {
    const name = args[0]!;
    const { containers } = await this.context.engine();
    // Registered first: the container may end at any moment.
    const { exit } = await containers.wait(name, 'not-running');
    exit.catch(() => undefined);
    const { Config: config } = await this.#running(containers, name);
    const tty = config?.Tty === true;
    checkTerminal(this.context, !flags['no-stdin'], tty);
    const detachKeys = flags['detach-keys'] || (readClientConfig(this.context).detachKeys ?? '');
    const stdin = !flags['no-stdin'] && config?.OpenStdin === true;
    const proxied = flags['sig-proxy'] && !tty;
    let forced = (): void => undefined;
    const forcedEnd = new Promise<'forced'>((resolve) => (forced = () => resolve('forced')));
    const undo = [
      proxied
        ? forwardSignals(this.context, (signal) => containers.kill(name, signal), forced)
        : () => undefined,
    ];
    try {
      const session = await containers.attach(name, {
        stdin,
        stdout: true,
        stderr: true,
        ...(detachKeys !== '' && { detachKeys }),
      });
      undo.push(() => session.close());
      // It may have stopped between the first look and the attachment, which would then never end.
      await this.#running(containers, name);
      if (tty && this.context.outTerminal.isTTY) undo.push(await this.#redraw(containers, name));
      const sink = outputSink(this.context);
      const options = { tty, stdin, stdout: true, stderr: true, detachKeys };
      const end = await Promise.race([copyStdio(this.context, session, options, sink), forcedEnd]);
      this.result(sink.collected);
      if (end === 'forced') throw new CliError('', { code: 'FORCED_EXIT', exitCode: 1 });
      if (end !== 'ended') return 0;
      const { StatusCode: code, Error: failure } = await exit;
      if (failure && failure.Message !== '') throw new CliError(failure.Message);
      this.result(() => ({ StatusCode: code, ...sink.collected() }));
      return reportExit(this.context, code);
    } finally {
      for (const step of undo.reverse()) step();
    }
  }

  async #running(containers: Engine['containers'], name: string): Promise<ContainerInspect> {
    const found = await containers.inspect(name);
    const { Running: running, Paused: paused, Restarting: restarting } = found.State;
    const refuse = (what: string) => new CliError(`You cannot attach to a ${what}`, { kind: 'conflict' });
    if (!running) throw refuse('stopped container, start it first');
    if (paused) throw refuse('paused container, unpause it first');
    if (restarting) throw refuse('restarting container, wait until it is running');
    return found;
  }

  /** A size that differs by one and then the real one make the program in the container draw its screen again. */
  async #redraw(containers: Engine['containers'], name: string): Promise<() => void> {
    const { height, width } = terminalSize(this.context);
    await containers.resize(name, { height: height + 1, width: width + 1 }).catch(() => undefined);
    return followTerminalSize(this.context, (size) => containers.resize(name, size));
  }
}
