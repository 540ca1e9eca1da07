/** `porthole lint --watch`: lints once, then again what changed, until a signal ends it. */
import { lstatSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, resolve, sep } from 'node:path';
import { isDockerfileName } from './find-files.ts';
import { ignoreFileName } from './ignore-files.ts';
import {
  hadolintNames,
  personalFiles,
  portholeNames,
  type PersonalSettings,
} from './settings/find-config.ts';
import { FileWatch } from './watch-files.ts';

export interface WatchRun {
  readonly names: readonly string[];
  readonly cwd: string;
  readonly recursive: boolean;
  /** The configuration that was named. */
  readonly config: string | undefined;
  readonly personal: PersonalSettings;
  /** Lints everything, or the files (absolute) that are given. */
  readonly pass: (only?: ReadonlySet<string>) => Promise<number>;
  /** A line for people, on stderr. */
  readonly say: (line: string) => void;
  readonly onSignal: (listener: (name: NodeJS.Signals) => void) => () => void;
  readonly errorText: (name: string, error: unknown) => string;
}

/** 0 when the user ended it; 2 when watching became impossible. */
export async function watchAndLint(run: WatchRun): Promise<number> {
  const absolute = (name: string): string => (isAbsolute(name) ? name : resolve(run.cwd, name));
  const paths = run.names.map(absolute);
  const trees = paths.filter(isFolder);
  const files = new Set(paths.filter((path) => !trees.includes(path)));
  const config = run.config === undefined ? undefined : absolute(run.config);
  const named = [...files, ...(config === undefined ? [] : [config])];
  // A link changes where it leads to, and when it leads elsewhere.
  const behind = new Map(named.flatMap(placesBehind));
  const personal = new Set(config === undefined ? personalFiles(run.personal) : []);
  const folders = [...behind.keys()].map((path) => dirname(path));
  const above = [...trees, ...folders].flatMap(foldersAbove);
  const isSetting = (path: string): boolean => path === config || personal.has(path) || changesSettings(path);

  let end: (code: number) => void = () => undefined;
  const ended = new Promise<number>((done) => (end = done));
  const failed = (error: Error): void => {
    run.say(run.errorText(run.names[0] ?? '.', error));
    end(2);
  };
  const unsubscribe = run.onSignal(() => end(0));
  let watch: FileWatch | undefined;
  try {
    // Watching comes first: nothing that changes meanwhile is missed.
    let first: Promise<unknown> = Promise.resolve();
    watch = new FileWatch({
      trees,
      folders: [...new Set(folders)],
      others: [...new Set([...above, ...[...personal].map((path) => dirname(path))])],
      recursive: run.recursive,
      wanted: (path) =>
        behind.has(path) ||
        isSetting(path) ||
        (isDockerfileName(basename(path)) && trees.some((tree) => isBelow(path, tree))),
      failed,
      changed: async (changes) => {
        const changed = [...changes].map((path) => behind.get(path) ?? path);
        for (const [place, path] of named.flatMap(placesBehind)) {
          if (behind.has(place)) continue;
          behind.set(place, path);
          watch?.follow(dirname(place));
        }
        await first;
        await run.pass(changed.some(isSetting) ? undefined : new Set(changed));
        run.say(waiting);
      },
    });
    first = run.pass();
    await first;
    run.say(waiting);
    return await ended;
  } catch (error) {
    run.say(run.errorText(run.names[0] ?? '.', error));
    return 2;
  } finally {
    unsubscribe();
    watch?.close();
  }
}

const waiting = 'Watching for changes; Ctrl-C ends.';

/** Where a configuration or an ignore file would count for what lies below. */
function foldersAbove(folder: string): string[] {
  const above = dirname(folder);
  return above === folder ? [] : [above, ...foldersAbove(above)];
}

function isBelow(path: string, folder: string): boolean {
  return path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** Where a change of the named file shows: itself, the links that it leads over, and the file behind them. */
function placesBehind(path: string): [place: string, path: string][] {
  const places = new Set<string>();
  try {
    for (let at = path; !places.has(at);) {
      places.add(at);
      if (lstatSync(at).isSymbolicLink()) at = resolve(dirname(at), readlinkSync(at));
    }
    places.add(realpathSync(path));
  } catch {
    // It may come yet.
  }
  return Array.from(places, (place) => [place, path]);
}

/** Files that change what is said about others, or which others there are. */
function changesSettings(path: string): boolean {
  const name = basename(path);
  return (
    name === ignoreFileName ||
    name === '.gitignore' ||
    name.endsWith('.dockerignore') ||
    [...portholeNames, ...hadolintNames].some((one) => one === name)
  );
}
