import { pipeline } from 'node:stream/promises';
import { asError } from '../src/errors/porthole-error.ts';
import { checkOutputFile, writeOutputFile } from '../src/cli/atomic-output.ts';
import type { OutputFile } from '../src/cli/atomic-output.ts';
import { CliError } from '../src/cli/cli-error.ts';
import { Command } from '../src/cli/command.ts';
import type { FlagSpecs, ParsedFlags } from '../src/cli/flag.ts';
import { checkPlatform } from '../src/cli/references.ts';

const flags = {
  output: { type: 'string', char: 'o', description: 'Write to a file, instead of STDOUT', complete: 'file' },
  platform: {
    type: 'string',
    description:
      'Save only the given platform variant. Formatted as "os[/arch[/variant]]" (e.g., "linux/amd64")',
  },
} as const satisfies FlagSpecs;

export default class Save extends Command {
  static readonly summary = 'Save one or more images to a tar archive (streamed to STDOUT by default)';
  static readonly usage = '[OPTIONS] IMAGE [IMAGE...]';
  static readonly flags = flags;
  static readonly args = { min: 1 };
  static readonly aliases = ['image save'];
  static readonly completes = 'image';
  static readonly examples = [
    'porthole save --output app.tar app:1.0',
    'porthole save app:1.0 app:2.0 | zstd > app.tar.zst',
  ];

  async run({ flags, args }: ParsedFlags<typeof Save.flags>): Promise<void> {
    const { stdout, signal } = this.context;
    const platform = checkPlatform(flags.platform, this.context, 'invalid platform: ');
    const file = flags.output === '' ? undefined : this.#outputFile(flags.output);
    if (file === undefined) this.#checkStdout();
    const { images } = await this.context.engine();
    const archive = await images.save(args, { signal, ...(platform !== '' && { platform }) });
    if (file === undefined) await pipeline(archive, stdout, { signal, end: false });
    else await writeOutputFile(file, archive, signal);
    this.result({ Images: args, ...(file !== undefined && { Output: file.path }) });
  }

  #outputFile(given: string): OutputFile {
    try {
      return checkOutputFile(given, this.context.environment.cwd);
    } catch (error) {
      throw new CliError(`failed to save image: ${asError(error).message}`, { cause: error });
    }
  }

  #checkStdout(): void {
    if (this.context.outTerminal.isTTY)
      throw new CliError('cowardly refusing to save to a terminal. Use the -o flag or redirect');
    if (this.context.json) throw new CliError('--json needs a file for the archive. Use the -o flag');
  }
}
