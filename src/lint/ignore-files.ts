/** `.portholeignore`: which Dockerfiles a search leaves out, in the language of `.gitignore`. */
import { readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import type { Ignore } from 'ignore';
import type { SeenFolders } from './seen-folders.ts';

export const ignoreFileName = '.portholeignore';

/** The ignore files of the folders from `top` down. Their library is loaded when one is there. */
export class IgnoreFiles {
  readonly #top: string;
  readonly #seen: SeenFolders;
  readonly #folders = new Map<string, Ignore | undefined>();

  /** `top`: the highest folder whose ignore file counts (absolute). */
  constructor(top: string, seen: SeenFolders) {
    this.#top = top;
    this.#seen = seen;
  }

  /** True for a file, or with `isFolder` a folder, that is left out. The deepest file that has a word decides. */
  async ignores(path: string, isFolder = false): Promise<boolean> {
    let folder = dirname(path);
    for (;;) {
      const rules = await this.#of(folder);
      if (rules !== undefined) {
        const inside = relative(folder, path).split(sep).join('/');
        const { ignored, unignored } = rules.test(isFolder ? `${inside}/` : inside);
        if (ignored || unignored) return ignored;
      }
      const above = dirname(folder);
      if (folder === this.#top || above === folder) return false;
      folder = above;
    }
  }

  async #of(folder: string): Promise<Ignore | undefined> {
    if (this.#folders.has(folder)) return this.#folders.get(folder);
    let rules: Ignore | undefined;
    if (this.#seen.holds(folder, ignoreFileName)) {
      const { default: ignore } = await import('ignore');
      rules = ignore().add(readFileSync(join(folder, ignoreFileName), 'utf8'));
    }
    this.#folders.set(folder, rules);
    return rules;
  }
}
