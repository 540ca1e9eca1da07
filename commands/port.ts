import { asError } from '../src/errors/porthole-error.ts';
import { CliError } from '../src/cli/cli-error.ts';
import { Command } from '../src/cli/command.ts';
import type { FlagSpecs, ParsedFlags } from '../src/cli/flag.ts';
import { portBindings, portLines } from '../src/cli/render/ports.ts';
import { cut } from '../src/cli/requests/key-values.ts';
import { parseUint } from '../src/text/strconv.ts';

export default class Port extends Command {
  static readonly summary = 'List port mappings or a specific mapping for the container';
  static readonly usage = 'CONTAINER [PRIVATE_PORT[/PROTO]]';
  static readonly flags = {} as const satisfies FlagSpecs;
  static readonly args = { min: 1, max: 2 };
  static readonly aliases = ['container port'];
  static readonly completes = 'running-container';
  static readonly examples = ['porthole port web 80'];

  async run({ args }: ParsedFlags<typeof Port.flags>): Promise<void> {
    const [name, wanted = ''] = args as [string, string?];
    const { containers } = await this.context.engine();
    const { NetworkSettings: settings } = await containers.inspect(name, { signal: this.context.signal });
    const ports = settings?.Ports ?? {};
    this.result(wanted === '' ? ports : (ports[portKey(wanted)] ?? []));
    const lines = wanted === '' ? portLines(ports) : portBindings(ports, portKey(wanted));
    if (!lines)
      throw new CliError(`Error: No public port '${wanted}' published for ${name}`, { kind: 'notFound' });
    if (lines.length > 0) this.context.stdout.write(`${lines.join('\n')}\n`);
  }
}

function portKey(text: string): string {
  const [port, protocol] = cut(text, '/');
  try {
    parseUint(port, 16, 10);
  } catch (error) {
    throw new CliError(`Error: invalid port (${port}): ${asError(error).message}`, { cause: error });
  }
  return `${port}/${protocol || 'tcp'}`;
}
