import type { CallOptions } from '../src/engine/roles/index.ts';
import { copyStdio } from '../src/cli/attach.ts';
import { CliError } from '../src/cli/cli-error.ts';
import { Command } from '../src/cli/command.ts';
import type { FlagSpecs, ParsedFlags } from '../src/cli/flag.ts';
import { outputSink } from '../src/cli/output-sink.ts';
import { clientZone } from '../src/cli/zone.ts';
import { asError } from '../src/errors/porthole-error.ts';
import { parseSince } from '../src/text/since.ts';

const flags = {
  details: { type: 'bool', description: 'Show extra details provided to logs' },
  follow: { type: 'bool', char: 'f', description: 'Follow log output' },
  since: {
    type: 'string',
    description:
      'Show logs since timestamp (e.g. "2013-01-02T13:23:37Z") or relative (e.g. "42m" for 42 minutes)',
  },
  tail: {
    type: 'string',
    char: 'n',
    description: 'Number of lines to show from the end of the logs',
    default: 'all',
  },
  timestamps: { type: 'bool', char: 't', description: 'Show timestamps' },
  until: {
    type: 'string',
    description:
      'Show logs before a timestamp (e.g. "2013-01-02T13:23:37Z") or relative (e.g. "42m" for 42 minutes)',
  },
} as const satisfies FlagSpecs;

export default class Logs extends Command {
  static readonly summary = 'Fetch the logs of a container';
  static readonly usage = '[OPTIONS] CONTAINER';
  static readonly flags = flags;
  static readonly args = { min: 1, max: 1 };
  static readonly aliases = ['container logs'];
  static readonly completes = 'container';
  static readonly examples = ['porthole logs --follow --tail 20 web'];

  async run({ flags, args }: ParsedFlags<typeof Logs.flags>): Promise<void> {
    const { containers } = await this.context.engine();
    const call: CallOptions = { signal: this.context.signal };
    const { Id: id, Config: config } = await containers.inspect(args[0]!, call);
    const session = await containers.logs(id, {
      ...call,
      stdout: true,
      stderr: true,
      follow: flags.follow,
      ...this.#time('since', flags.since),
      ...this.#time('until', flags.until),
      tail: flags.tail,
      timestamps: flags.timestamps,
      details: flags.details,
    });
    const sink = outputSink(this.context);
    this.result(sink.collected);
    const tty = config?.Tty === true;
    const wanted = { tty, stdin: false, stdout: true, stderr: true, detachKeys: '' };
    try {
      await copyStdio(this.context, session, wanted, sink);
    } finally {
      session.close();
    }
  }

  #time(name: 'since' | 'until', text: string): Partial<Record<'since' | 'until', string>> {
    if (text === '') return {};
    const { environment } = this.context;
    try {
      return { [name]: parseSince(text, { now: environment.now(), zone: clientZone(environment) }) };
    } catch (error) {
      throw new CliError(`invalid value for "${name}": ${asError(error).message}`, { cause: error });
    }
  }
}
