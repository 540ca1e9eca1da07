import type { EventMessage } from '../src/api/types/index.ts';
import { asError } from '../src/errors/porthole-error.ts';
import { CliError } from '../src/cli/cli-error.ts';
import { Command } from '../src/cli/command.ts';
import type { FlagSpecs, ParsedFlags } from '../src/cli/flag.ts';
import { eventLines } from '../src/cli/render/events.ts';
import { toFilters } from '../src/cli/requests/filters.ts';
import { templateFormat } from '../src/cli/shared-flags.ts';
import { clientZone } from '../src/cli/zone.ts';
import { parseSince } from '../src/text/since.ts';

const flags = {
  filter: { type: 'filter', char: 'f', description: 'Filter output based on conditions provided' },
  format: templateFormat,
  since: { type: 'string', description: 'Show all events created since timestamp' },
  until: { type: 'string', description: 'Stream events until this timestamp' },
} as const satisfies FlagSpecs;

export default class Events extends Command {
  static readonly summary = 'Get real time events from the server';
  static readonly usage = '[OPTIONS]';
  static readonly flags = flags;
  static readonly args = { min: 0, max: 0 };
  static readonly aliases = ['system events'];
  static readonly completes = 'none';
  static readonly examples = ['porthole events --since 10m --filter type=container'];

  async run({ flags }: ParsedFlags<typeof Events.flags>): Promise<void> {
    const { environment, json, signal, stdout } = this.context;
    const line = eventLines(flags.format, clientZone(environment));
    const since = this.#time(flags.since);
    const until = this.#time(flags.until);
    const { system } = await this.context.engine();
    const events = system.events({
      signal,
      ...(since !== '' && { since }),
      ...(until !== '' && { until }),
      filters: toFilters(flags.filter),
    });
    const seen: EventMessage[] = [];
    this.result(seen);
    for await (const event of events) {
      if (json) seen.push(event);
      else stdout.write(`${line(event)}\n`);
    }
  }

  #time(text: string): string {
    if (text === '') return '';
    const { environment } = this.context;
    try {
      return parseSince(text, { now: environment.now(), zone: clientZone(environment) });
    } catch (error) {
      throw new CliError(asError(error).message, { cause: error });
    }
  }
}
