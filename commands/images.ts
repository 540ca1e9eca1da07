import { CliError } from '../src/cli/cli-error.ts';
import { Command } from '../src/cli/command.ts';
import { readClientConfig } from '../src/cli/config-file.ts';
import type { FlagSpecs, ParsedFlags } from '../src/cli/flag.ts';
import { listText } from '../src/cli/lists.ts';
import { imageTree } from '../src/cli/render/image-tree.ts';
import { imageDefinition, imageFormat, imageRows } from '../src/cli/render/images.ts';
import { toFilters } from '../src/cli/requests/filters.ts';
import { listFormat } from '../src/cli/shared-flags.ts';
import { clientZone } from '../src/cli/zone.ts';

const flags = {
  all: { type: 'bool', char: 'a', description: 'Show all images (default hides intermediate images)' },
  digests: { type: 'bool', description: 'Show digests' },
  filter: { type: 'filter', char: 'f', description: 'Filter output based on conditions provided' },
  format: listFormat,
  'no-trunc': { type: 'bool', description: "Don't truncate output" },
  quiet: { type: 'bool', char: 'q', description: 'Only show image IDs' },
  tree: { type: 'bool', description: 'List multi-platform images as a tree (EXPERIMENTAL)' },
} as const satisfies FlagSpecs;

type Parsed = ParsedFlags<typeof flags>;

/** Words after `docker images` that people meant for `docker image`. */
const imageCommands = new Set(
  'build history import inspect list load ls prune pull push rm save tag'.split(' '),
);

export default class Images extends Command {
  static readonly summary = 'List images';
  static readonly usage = '[OPTIONS] [REPOSITORY[:TAG]]';
  static readonly flags = flags;
  static readonly args = { min: 0, max: 1 };
  static readonly aliases = ['image ls', 'image list'];
  static readonly category = 'common';
  static readonly completes = 'image';
  static readonly examples = ['porthole images --filter dangling=true'];

  async run({ flags, args }: Parsed): Promise<void> {
    const [name] = args;
    if (flags.tree) checkTree(flags);
    const engine = await this.context.engine();
    const images = await engine.images.list({
      signal: this.context.signal,
      all: flags.all,
      digests: flags.digests,
      filters: toFilters(flags.filter, name === undefined ? {} : { reference: name }),
    });
    this.result(images);
    if (flags.tree) {
      this.context.stdout.write(imageTree(images));
      return;
    }
    const configured = flags.quiet ? undefined : readClientConfig(this.context).imagesFormat;
    const format = imageFormat(flags.format || configured || 'table', flags.quiet, flags.digests);
    const rows = imageRows(images, { format, digests: flags.digests });
    const { environment } = this.context;
    const view = { now: environment.now(), zone: clientZone(environment), truncate: !flags['no-trunc'] };
    this.context.stdout.write(listText(rows, imageDefinition(view), format));
    if (images.length === 0 && name !== undefined && imageCommands.has(name)) {
      const { bin, stderr } = this.context;
      stderr.write(`\nNo images found matching "${name}": did you mean "${bin} image ${name}"?\n`);
    }
  }
}

function checkTree(flags: Parsed['flags']): void {
  for (const [given, name] of [
    [flags.quiet, 'quiet'],
    [flags['no-trunc'], 'no-trunc'],
    [flags.digests, 'show-digest'],
    [flags.format !== '', 'format'],
  ] as const) {
    if (given) throw new CliError(`--${name} is not yet supported with --tree`);
  }
}
