import { Command } from '../../src/cli/command.ts';
import type { FlagSpecs, ParsedFlags } from '../../src/cli/flag.ts';
import { inspectObjects } from '../../src/cli/inspect.ts';
import { checkPlatform } from '../../src/cli/references.ts';
import { templateFormat } from '../../src/cli/shared-flags.ts';

const flags = {
  format: { ...templateFormat, char: 'f' },
  platform: {
    type: 'string',
    description: [
      'Inspect a specific platform of the multi-platform image.',
      'If the image or the server is not multi-platform capable, the command will error out if the platform does not match.',
      "'os[/arch[/variant]]': Explicit platform (eg. linux/amd64)",
    ].join('\n'),
  },
} as const satisfies FlagSpecs;

export default class ImageInspect extends Command {
  static readonly summary = 'Display detailed information on one or more images';
  static readonly usage = '[OPTIONS] IMAGE [IMAGE...]';
  static readonly flags = flags;
  static readonly args = { min: 1 };
  static readonly completes = 'image';
  static readonly examples = ["porthole image inspect --format '{{.OsVersion}}' app"];

  async run({ flags, args }: ParsedFlags<typeof ImageInspect.flags>): Promise<void> {
    const platform = checkPlatform(flags.platform, this.context);
    await inspectObjects(this.context, 'image', args, { format: flags.format, platform }, (found) =>
      this.result(found),
    );
  }
}
