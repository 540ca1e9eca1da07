import { Readable } from 'node:stream';
import type { ProgressMessage } from '../src/api/types/index.ts';
import { CliError } from '../src/cli/cli-error.ts';
import { Command } from '../src/cli/command.ts';
import type { FlagSpecs, ParsedFlags } from '../src/cli/flag.ts';
import { openInput } from '../src/cli/open-input.ts';
import { checkPlatform } from '../src/cli/references.ts';
import { progressFlag } from '../src/cli/render/progress.ts';
import type { ProgressMode } from '../src/cli/render/progress.ts';
import { withProgress } from '../src/cli/transfer.ts';

const flags = {
  input: {
    type: 'string',
    char: 'i',
    description: 'Read from tar archive file, instead of STDIN',
    complete: 'file',
  },
  platform: {
    type: 'string',
    description:
      'Load only the given platform variant. Formatted as "os[/arch[/variant]]" (e.g., "linux/amd64")',
  },
  progress: progressFlag,
  quiet: { type: 'bool', char: 'q', description: 'Suppress the load output' },
} as const satisfies FlagSpecs;

export default class Load extends Command {
  static readonly summary = 'Load an image from a tar archive or STDIN';
  static readonly usage = '[OPTIONS]';
  static readonly flags = flags;
  static readonly args = { min: 0, max: 0 };
  static readonly aliases = ['image load'];
  static readonly examples = ['porthole load --input app.tar', 'zstd -dc app.tar.zst | porthole load'];

  async run({ flags }: ParsedFlags<typeof Load.flags>): Promise<void> {
    const { environment, signal, inTerminal, outTerminal, stdin } = this.context;
    const platform = checkPlatform(flags.platform, this.context, 'invalid platform: ');
    if (flags.input === '' && inTerminal.isTTY)
      throw new CliError('requested load from stdin, but stdin is empty');
    const archive = flags.input === '' ? readable(stdin) : await openInput(flags.input, environment.cwd);
    const loaded: { Image?: string; Id?: string }[] = [];
    this.result(loaded);
    const { images } = await this.context.engine();
    const mode = flags.progress as ProgressMode;
    const showsLayers = mode === 'auto' ? outTerminal.isTTY : mode !== 'none';
    await withProgress(
      this.context,
      { mode: mode === 'none' ? 'auto' : mode, on: 'stdout', quiet: false, begun: true },
      (show) =>
        images.load(archive, {
          signal,
          quiet: flags.quiet || !showsLayers,
          ...(platform !== '' && { platform }),
          onProgress: (message) => {
            loaded.push(...loadedBy(message));
            show(message);
          },
        }),
    );
  }
}

function readable(stream: NodeJS.ReadableStream): Readable {
  return stream instanceof Readable ? stream : new Readable().wrap(stream);
}

/** The engine's words are the same everywhere (`tarexport/load.go`). */
function loadedBy({ stream = '' }: ProgressMessage): { Image?: string; Id?: string }[] {
  const match = /^Loaded image( ID)?: (\S+)\n$/.exec(stream);
  if (match === null) return [];
  return [match[1] === undefined ? { Image: match[2]! } : { Id: match[2]! }];
}
