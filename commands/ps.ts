import { CliError } from '../src/cli/cli-error.ts';
import { Command } from '../src/cli/command.ts';
import { readClientConfig } from '../src/cli/config-file.ts';
import type { FlagSpecs, ParsedFlags } from '../src/cli/flag.ts';
import { listText } from '../src/cli/lists.ts';
import { containerFormat, containerRows, emptyContainer } from '../src/cli/render/containers.ts';
import { toFilters } from '../src/cli/requests/filters.ts';
import { listFormat } from '../src/cli/shared-flags.ts';
import { clientZone } from '../src/cli/zone.ts';
import { fieldsUsed } from '../src/text/table.ts';
import type { RowDefinition } from '../src/text/table.ts';
import { TemplateError } from '../src/text/template.ts';
import type { ContainerSummary } from '../src/api/types/index.ts';

const flags = {
  all: { type: 'bool', char: 'a', description: 'Show all containers (default shows just running)' },
  filter: { type: 'filter', char: 'f', description: 'Filter output based on conditions provided' },
  format: listFormat,
  last: {
    type: 'int',
    char: 'n',
    description: 'Show n last created containers (includes all states)',
    default: -1,
  },
  latest: {
    type: 'bool',
    char: 'l',
    description: 'Show the latest created container (includes all states)',
  },
  'no-trunc': { type: 'bool', description: "Don't truncate output" },
  quiet: { type: 'bool', char: 'q', description: 'Only display container IDs' },
  size: { type: 'bool', char: 's', description: 'Display total file sizes' },
} as const satisfies FlagSpecs;

export default class Ps extends Command {
  static readonly summary = 'List containers';
  static readonly usage = '[OPTIONS]';
  static readonly flags = flags;
  static readonly args = { min: 0, max: 0 };
  static readonly aliases = ['container ls', 'container list', 'container ps'];
  static readonly category = 'common';
  static readonly examples = ['porthole ps --all', "porthole ps --format '{{.Names}}: {{.Status}}'"];

  async run({ flags, changed }: ParsedFlags<typeof Ps.flags>): Promise<void> {
    const { environment } = this.context;
    const given = flags.format || (flags.quiet ? '' : (readClientConfig(this.context).psFormat ?? ''));
    const rows = containerRows({
      now: environment.now(),
      zone: clientZone(environment),
      truncate: !flags['no-trunc'],
    });
    const size = flags.size || (!changed.has('size') && readsSize(given, rows));
    const limit = flags.latest ? 1 : flags.last;
    const engine = await this.context.engine();
    const containers = await engine.containers.list({
      signal: this.context.signal,
      all: flags.all,
      ...(limit > 0 && { limit }),
      size,
      filters: toFilters(flags.filter),
    });
    if (flags.quiet && flags.format !== '') {
      this.context.stderr.write(
        'WARNING: Ignoring custom format, because both --format and --quiet are set.\n',
      );
    }
    this.result(containers);
    this.context.stdout.write(
      listText(containers, rows, containerFormat(given || 'table', flags.quiet, size)),
    );
  }
}

/** Docker tries the template before it asks the engine, to learn whether sizes are wanted. */
function readsSize(format: string, rows: RowDefinition<ContainerSummary>): boolean {
  if (format === '' || ['table', 'raw', 'json', 'pretty'].includes(format)) return false;
  try {
    return fieldsUsed(format, rows, emptyContainer).has('Size');
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    const step = error.phase === 'parse' ? 'parse' : 'execute';
    throw new CliError(`failed to ${step} template: ${error.message}`, { code: 'TEMPLATE', cause: error });
  }
}
