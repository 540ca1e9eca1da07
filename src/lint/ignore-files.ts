/** `.portholeignore`: which Dockerfiles a search leaves out, in the language of `.gitignore`. */
import { readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import type { Ignore } from 'ignore';
import type { SeenFolders } from './seen-folders.ts';

export const ignoreFileName = '.portholeignore';

/** What one ignore file says of all below its folder. */
interface FolderRules {
  readonly folder: string;
  readonly rules: Ignore;
}

const none: readonly FolderRules[] = [];

/** The ignore files of the folders from `top` down. Their library is loaded when one is there. */
export class IgnoreFiles {
  readonly #top: string;
  readonly #seen: SeenFolders;
  readonly #inForce = new Map<string, readonly FolderRules[]>();

  /** `top`: the highest folder whose ignore file counts (absolute). */
  constructor(top: string, seen: SeenFolders) {
    this.#top = top;
    this.#seen = seen;
  }

  /** For what lies in `folder` (absolute): its own and those above, the deepest first. Nearly always none. */
  async inForce(folder: string): Promise<readonly FolderRules[]> {
    const known = this.#inForce.get(folder);
    if (known !== undefined) return known;
    const above = dirname(folder);
    const outer = folder === this.#top || above === folder ? none : await this.inForce(above);
    const rules = await this.#read(folder);
    const found = rules === undefined ? outer : [{ folder, rules }, ...outer];
    this.#inForce.set(folder, found);
    return found;
  }

  async #read(folder: string): Promise<Ignore | undefined> {
    if (!this.#seen.holds(folder, ignoreFileName)) return undefined;
    const { default: ignore } = await import('ignore');
    return ignore().add(readFileSync(join(folder, ignoreFileName), 'utf8'));
  }
}

/** True for a file, or with `isFolder` a folder, that is left out. The deepest file that has a word decides. */
export function isLeftOut(inForce: readonly FolderRules[], path: string, isFolder = false): boolean {
  for (const { folder, rules } of inForce) {
    const inside = relative(folder, path).split(sep).join('/');
    const { ignored, unignored } = rules.test(isFolder ? `${inside}/` : inside);
    if (ignored || unignored) return ignored;
  }
  return false;
}
