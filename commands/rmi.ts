import { isKind } from '../src/errors/porthole-error.ts';
import type { ImageDeleteItem } from '../src/api/types/index.ts';
import type { Engine } from '../src/engine/roles/index.ts';
import { errorText, joinErrors } from '../src/cli/cli-error.ts';
import { Command } from '../src/cli/command.ts';
import type { FlagSpecs, ParsedFlags } from '../src/cli/flag.ts';
import { checkPlatform } from '../src/cli/references.ts';
import { dryRunFlag } from '../src/cli/shared-flags.ts';

const flags = {
  'dry-run': dryRunFlag,
  force: { type: 'bool', char: 'f', description: 'Force removal of the image' },
  'no-prune': { type: 'bool', description: 'Do not delete untagged parents' },
  platform: {
    type: 'strings',
    description:
      'Remove only the given platform variant. Formatted as "os[/arch[/variant]]" (e.g., "linux/amd64")',
  },
} as const satisfies FlagSpecs;

type Flags = ParsedFlags<typeof flags>['flags'];

export default class Rmi extends Command {
  static readonly summary = 'Remove one or more images';
  static readonly usage = '[OPTIONS] IMAGE [IMAGE...]';
  static readonly flags = flags;
  static readonly args = { min: 1 };
  static readonly aliases = ['image rm', 'image remove'];
  static readonly completes = 'image';
  static readonly examples = [
    'porthole rmi app:old',
    'porthole rmi $(porthole images --quiet --filter dangling=true)',
  ];

  async run({ flags, args }: ParsedFlags<typeof Rmi.flags>): Promise<void> {
    for (const platform of flags.platform) checkPlatform(platform, this.context);
    const { images } = await this.context.engine();
    const removed: ImageDeleteItem[] = [];
    const errors: unknown[] = [];
    this.result(removed);
    for (const name of args) {
      try {
        const items = await this.#remove(images, name, flags);
        removed.push(...items);
        for (const { Deleted: deleted, Untagged: untagged } of items)
          this.context.stdout.write(deleted ? `Deleted: ${deleted}\n` : `Untagged: ${untagged ?? ''}\n`);
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length === 0) return;
    if (!flags.force || errors.some((error) => !isKind(error, 'notFound'))) throw joinErrors(errors);
    for (const error of errors) this.context.stderr.write(`${errorText(error)}\n`);
  }

  async #remove(images: Engine['images'], name: string, flags: Flags): Promise<ImageDeleteItem[]> {
    const { signal } = this.context;
    // Images here have one platform: another one asked for is the engine's refusal.
    for (const platform of flags.platform) await images.inspect(name, { signal, platform });
    if (!flags['dry-run'])
      return images.remove(name, { signal, force: flags.force, noPrune: flags['no-prune'] });
    const { Id: id, RepoTags: tags } = await images.inspect(name, { signal });
    const byId = tags.length < 2 || id.replace('sha256:', '').startsWith(name.replace('sha256:', ''));
    return [...(byId ? tags : [name]).map((tag) => ({ Untagged: tag })), ...(byId ? [{ Deleted: id }] : [])];
  }
}
