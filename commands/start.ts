import { CliError, errorText } from '../src/cli/cli-error.ts';
import { unlessAlready } from '../src/cli/already.ts';
import { Command } from '../src/cli/command.ts';
import { readClientConfig } from '../src/cli/config-file.ts';
import type { FlagSpecs, ParsedFlags } from '../src/cli/flag.ts';
import { reportExit } from '../src/cli/report-exit.ts';
import { runAttached } from '../src/cli/run-attached.ts';
import { detachKeysFlag } from '../src/cli/shared-flags.ts';

const flags = {
  attach: { type: 'bool', char: 'a', description: 'Attach STDOUT/STDERR and forward signals' },
  checkpoint: { type: 'string', description: 'Restore from this checkpoint' },
  'checkpoint-dir': { type: 'string', description: 'Use a custom checkpoint storage directory' },
  'detach-keys': detachKeysFlag,
  interactive: { type: 'bool', char: 'i', description: "Attach container's STDIN" },
} as const satisfies FlagSpecs;

type Parsed = ParsedFlags<typeof flags>;

export default class Start extends Command {
  static readonly summary = 'Start one or more stopped containers';
  static readonly usage = '[OPTIONS] CONTAINER [CONTAINER...]';
  static readonly flags = flags;
  static readonly args = { min: 1 };
  static readonly aliases = ['container start'];
  static readonly completes = 'stopped-container';
  static readonly examples = ['porthole start --attach web'];

  async run({ flags, changed, args }: Parsed): Promise<number | undefined> {
    for (const name of ['checkpoint', 'checkpoint-dir']) {
      if (!changed.has(name)) continue;
      throw new CliError(
        `"--${name}" is only supported on a Docker daemon running on linux, but the Docker daemon is running on windows`,
      );
    }
    if (flags.attach || flags.interactive) return this.#attached(flags, args);
    await this.#all(args);
    return undefined;
  }

  async #all(names: readonly string[]): Promise<void> {
    const { containers } = await this.context.engine();
    const { signal, stdout } = this.context;
    const started: string[] = [];
    const failures: { name: string; error: unknown }[] = [];
    this.result(started);
    for (const name of names) {
      try {
        await unlessAlready(containers.start(name, { signal }));
        started.push(name);
        stdout.write(`${name}\n`);
      } catch (error) {
        failures.push({ name, error });
      }
    }
    if (failures.length === 0) return;
    const failed = failures.map(({ name }) => name).join(', ');
    const texts = failures.map(({ error }) => errorText(error));
    throw new CliError([...texts, `Error: failed to start containers: ${failed}`].join('\n'), {
      plainMessage: texts.join('\n'),
      cause: failures[0]!.error,
      ...hintOf(failures[0]!.error),
    });
  }

  async #attached(flags: Parsed['flags'], names: readonly string[]): Promise<number> {
    if (names.length > 1) throw new CliError('you cannot start and attach multiple containers at once');
    const engine = await this.context.engine();
    const { Id: id, Config: config, HostConfig: host } = await engine.containers.inspect(names[0]!);
    const { statusCode, ...output } = await runAttached(this.context, engine, {
      id,
      autoRemove: host?.AutoRemove === true,
      signalProxy: !config.Tty,
      attach: {
        tty: config.Tty,
        stdin: flags.interactive && config.OpenStdin,
        stdout: true,
        stderr: true,
        detachKeys: flags['detach-keys'] || (readClientConfig(this.context).detachKeys ?? ''),
      },
    });
    this.result({ Id: id, StatusCode: statusCode ?? null, ...output });
    return statusCode === undefined ? 0 : reportExit(this.context, statusCode);
  }
}

function hintOf(error: unknown): { hint?: string } {
  const { hint } = error as { hint?: string };
  return hint === undefined ? {} : { hint };
}
