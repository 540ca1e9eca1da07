import { CliError } from '../src/cli/cli-error.ts';
import { Command } from '../src/cli/command.ts';
import type { FlagSpecs, ParsedFlags } from '../src/cli/flag.ts';
import { checkPlatform, clientReference, wantedPlatform } from '../src/cli/references.ts';
import { progressFlag } from '../src/cli/render/progress.ts';
import type { ProgressMode } from '../src/cli/render/progress.ts';
import { transferImage } from '../src/cli/transfer.ts';
import { canonicalString, familiarString, withDefaultTag } from '../src/image/reference.ts';

const flags = {
  'all-tags': { type: 'bool', char: 'a', description: 'Download all tagged images in the repository' },
  'disable-content-trust': { type: 'bool', description: 'Skip image verification', default: true },
  platform: { type: 'string', description: 'Set platform if server is multi-platform capable' },
  progress: progressFlag,
  quiet: { type: 'bool', char: 'q', description: 'Suppress verbose output' },
} as const satisfies FlagSpecs;

export default class Pull extends Command {
  static readonly summary = 'Download an image from a registry';
  static readonly usage = '[OPTIONS] NAME[:TAG|@DIGEST]';
  static readonly flags = flags;
  static readonly args = { min: 1, max: 1 };
  static readonly aliases = ['image pull'];
  static readonly category = 'common';
  static readonly completes = 'image';
  static readonly examples = ['porthole pull mcr.microsoft.com/windows/nanoserver:ltsc2022'];

  async run({ flags, args }: ParsedFlags<typeof Pull.flags>): Promise<void> {
    const named = clientReference(args[0]!);
    const { tag, digest } = named;
    if (flags['all-tags'] && (tag !== undefined || digest !== undefined))
      throw new CliError("tag can't be used with --all-tags/-a");
    const platform = checkPlatform(wantedPlatform(flags.platform, this.context), this.context);
    const reference = flags['all-tags'] ? named : withDefaultTag(named);
    if (reference !== named && reference.tag !== tag && !flags.quiet)
      this.context.stdout.write(`Using default tag: ${reference.tag!}\n`);
    const { images } = await this.context.engine();
    await transferImage(this.context, images, 'pull', {
      reference: familiarString(reference),
      platform,
      allTags: flags['all-tags'],
      mode: flags.progress as ProgressMode,
      on: 'stdout',
      quiet: flags.quiet,
    });
    this.result({ Reference: canonicalString(reference) });
    this.context.stdout.write(`${canonicalString(reference)}\n`);
  }
}
