import { asError } from '../src/errors/porthole-error.ts';
import { CliError } from '../src/cli/cli-error.ts';
import { Command } from '../src/cli/command.ts';
import type { FlagSpecs, ParsedFlags } from '../src/cli/flag.ts';
import { familiarString, parseIdentifier, parseReference, withDefaultTag } from '../src/image/reference.ts';
import type { Reference } from '../src/image/reference.ts';

export default class Tag extends Command {
  static readonly summary = 'Create a tag TARGET_IMAGE that refers to SOURCE_IMAGE';
  static readonly usage = 'SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]';
  static readonly flags = {} as const satisfies FlagSpecs;
  static readonly args = { min: 2, max: 2 };
  static readonly aliases = ['image tag'];
  static readonly completes = 'image';
  static readonly examples = ['porthole tag app registry.example.com/team/app:1.0'];

  async run({ args }: ParsedFlags<typeof Tag.flags>): Promise<void> {
    const [source, target] = args as [string, string];
    if (parseIdentifier(source)?.complete !== true) parse(source);
    const reference = parse(target);
    if (reference.digest !== undefined)
      throw new CliError('refusing to create a tag with a digest reference');
    const { images } = await this.context.engine();
    const tagged = familiarString(withDefaultTag(reference));
    await images.tag(source, tagged, { signal: this.context.signal });
    this.result({ Source: source, Target: tagged });
  }
}

function parse(text: string): Reference {
  try {
    return parseReference(text);
  } catch (error) {
    throw new CliError(
      `Error parsing reference: ${JSON.stringify(text)} is not a valid repository/tag: ${asError(error).message}`,
      { code: 'REFERENCE_INVALID', cause: error },
    );
  }
}
