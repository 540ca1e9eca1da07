/** What files go with Dockerfiles in folders that a search has listed: nearly always none, and nobody has to ask for each. */
import { existsSync } from 'node:fs';
import { sep } from 'node:path';

/** Configurations, `.portholeignore` and `.dockerignore`, whatever the case: some file systems ignore it. */
const companion = /^\.|\.dockerignore$/i;

const none: ReadonlySet<string> = new Set();

export class SeenFolders {
  /** By absolute path, in lower case. */
  readonly #companions = new Map<string, ReadonlySet<string>>();

  /** `names`: all that the folder holds. */
  add(folder: string, names: readonly string[]): void {
    const found = names.filter((name) => companion.test(name)).map((name) => name.toLowerCase());
    this.#companions.set(folder, found.length === 0 ? none : new Set(found));
  }

  /** True for a folder (absolute) that is known to hold none of them. */
  isBare(folder: string): boolean {
    return this.#companions.get(folder) === none;
  }

  /** Whether `folder` (absolute) holds `name`, one of those that go with Dockerfiles. */
  holds(folder: string, name: string): boolean {
    if (this.#companions.get(folder)?.has(name.toLowerCase()) === false) return false;
    return existsSync(folder.endsWith(sep) ? folder + name : folder + sep + name);
  }
}
