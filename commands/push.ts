import { CliError } from '../src/cli/cli-error.ts';
import { Command } from '../src/cli/command.ts';
import type { FlagSpecs, ParsedFlags } from '../src/cli/flag.ts';
import { checkPlatform, clientReference } from '../src/cli/references.ts';
import { progressFlag } from '../src/cli/render/progress.ts';
import type { ProgressMode } from '../src/cli/render/progress.ts';
import { transferImage } from '../src/cli/transfer.ts';
import { canonicalString, familiarString, withDefaultTag } from '../src/image/reference.ts';

const flags = {
  'all-tags': { type: 'bool', char: 'a', description: 'Push all tags of an image to the repository' },
  'disable-content-trust': { type: 'bool', description: 'Skip image signing', default: true },
  platform: {
    type: 'string',
    description: [
      'Push a platform-specific manifest as a single-platform image to the registry.',
      "Image index won't be pushed, meaning that other manifests, including attestations won't be preserved.",
      "'os[/arch[/variant]]': Explicit platform (eg. linux/amd64)",
    ].join('\n'),
  },
  progress: progressFlag,
  quiet: { type: 'bool', char: 'q', description: 'Suppress verbose output' },
} as const satisfies FlagSpecs;

export default class Push extends Command {
  static readonly summary = 'Upload an image to a registry';
  static readonly usage = '[OPTIONS] NAME[:TAG]';
  static readonly flags = flags;
  static readonly args = { min: 1, max: 1 };
  static readonly aliases = ['image push'];
  static readonly category = 'common';
  static readonly completes = 'image';
  static readonly examples = ['porthole push registry.example.com/team/app:1.0'];

  async run({ flags, args }: ParsedFlags<typeof Push.flags>): Promise<void> {
    const named = clientReference(args[0]!);
    if (flags['all-tags'] && (named.tag !== undefined || named.digest !== undefined))
      throw new CliError("tag can't be used with --all-tags/-a");
    checkPlatform(flags.platform, this.context);
    if (named.digest !== undefined) throw new CliError('cannot push a digest reference');
    const reference = flags['all-tags'] ? named : withDefaultTag(named);
    if (reference.tag !== named.tag && !flags.quiet)
      this.context.stdout.write(`Using default tag: ${reference.tag!}\n`);
    const { images } = await this.context.engine();
    await transferImage(this.context, images, 'push', {
      reference: familiarString(reference),
      platform: flags.platform,
      allTags: flags['all-tags'],
      mode: flags.progress as ProgressMode,
      on: 'stdout',
      quiet: flags.quiet,
    });
    this.result({ Reference: canonicalString(reference) });
    if (flags.quiet) this.context.stdout.write(`${canonicalString(reference)}\n`);
  }
}
