/** Tells which files changed below folders, gathered over a moment: editors write in several steps. */
import { readdirSync, statSync, watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { join } from 'node:path';
import { skippedFolders } from './find-files.ts';

export interface WatchOptions {
  /** Absolute folders, watched with all below them but what no search enters. */
  readonly trees: readonly string[];
  /** Absolute folders, watched alone: those of files that were named. */
  readonly folders: readonly string[];
  /** Absolute folders that may be missing or closed to us: watched alone, if they can be. */
  readonly others: readonly string[];
  /** Absolute paths that matter: whatever else changes, however often, holds nothing back. */
  readonly wanted: (path: string) => boolean;
  /** Whether one call of the system watches a whole tree (Windows); otherwise each folder is watched. */
  readonly recursive: boolean;
  /** Absolute paths that changed, came or went. Not called again before its promise is done. */
  readonly changed: (paths: ReadonlySet<string>) => Promise<void>;
  readonly failed: (error: Error) => void;
}

/** Milliseconds of quiet before changes are told. */
const quiet = 50;

/** Ends with `close`. */
export class FileWatch {
  readonly #options: WatchOptions;
  readonly #watchers = new Map<string, FSWatcher>();
  readonly #pending = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #busy = false;
  #closed = false;

  constructor(options: WatchOptions) {
    this.#options = options;
    for (const folder of options.folders) this.#watch(folder, false);
    for (const tree of options.trees) this.#watchTree(tree);
    for (const folder of options.others) this.follow(folder);
  }

  /** Watches one more folder alone, if it can be. */
  follow(folder: string): void {
    try {
      this.#watch(folder, false);
    } catch (error) {
      if (!isUnwatchable(error)) throw error;
    }
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #watchTree(folder: string): void {
    this.#watch(folder, true);
    if (this.#options.recursive) return;
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (!entry.isDirectory() || skippedFolders.has(entry.name)) continue;
      try {
        this.#watchTree(join(folder, entry.name));
      } catch (error) {
        // A folder that may not be read, or that is gone already, holds nothing to lint.
        if (!isUnwatchable(error)) throw error;
      }
    }
  }

  #watch(folder: string, tree: boolean): void {
    if (this.#watchers.has(folder)) return;
    const recursive = tree && this.#options.recursive;
    const watcher = watch(folder, { recursive }, (_event, name) => {
      const path = name === null ? folder : join(folder, name);
      if (tree && !recursive) this.#follow(path);
      this.#note(path);
    });
    watcher.on('error', (error) => {
      // The folder went away; what was in it was told.
      watcher.close();
      this.#watchers.delete(folder);
      if (!/^(ENOENT|EPERM)$/.test((error as NodeJS.ErrnoException).code ?? '')) this.#options.failed(error);
    });
    this.#watchers.set(folder, watcher);
  }

  /** A new folder is watched, and the files that it came with are told. */
  #follow(path: string): void {
    if (this.#watchers.has(path) || skippedFolders.has(path.slice(path.search(/[^\\/]*$/)))) return;
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return;
    try {
      this.#watchTree(path);
      for (const name of readdirSync(path, { recursive: true, encoding: 'utf8' }))
        this.#note(join(path, name));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#options.failed(error as Error);
    }
  }

  #note(path: string): void {
    if (this.#closed || !this.#options.wanted(path)) return;
    this.#pending.add(path);
    if (this.#busy) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#tell(), quiet);
  }

  async #tell(): Promise<void> {
    const paths = new Set(this.#pending);
    this.#pending.clear();
    this.#busy = true;
    try {
      await this.#options.changed(paths);
    } catch (error) {
      this.#options.failed(error as Error);
    }
    this.#busy = false;
    const [next] = this.#pending;
    if (next !== undefined) this.#note(next);
  }
}

function isUnwatchable(error: unknown): boolean {
  return /^(EACCES|EPERM|ENOENT|ENOTDIR)$/.test((error as NodeJS.ErrnoException).code ?? '');
}
