/** `porthole lint --watch`: lints once, then again what changed, until a signal ends it. */
import { statSync } from 'node:fs';
import { basename, dirname, isAbsolute, resolve } from 'node:path';
import { isDockerfileName } from './find-files.ts';
import { ignoreFileName } from './ignore-files.ts';
import { hadolintNames, portholeNames } from './settings/find-config.ts';
import { FileWatch } from './watch-files.ts';

export interface WatchRun {
  readonly names: readonly string[];
  readonly cwd: string;
  readonly recursive: boolean;
  /** The configuration that was named. */
  readonly config: string | undefined;
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
  const trees = paths.filter((path) => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true);
  const files = new Set(paths.filter((path) => !trees.includes(path)));
  const config = run.config === undefined ? undefined : absolute(run.config);
  const folders = new Set([...files, ...(config === undefined ? [] : [config])].map((path) => dirname(path)));

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
      folders: [...folders],
      recursive: run.recursive,
      failed,
      changed: async (changes) => {
        const all = [...changes].some((path) => path === config || changesSettings(path));
        const dockerfiles = [...changes].filter(
          (path) => files.has(path) || isDockerfileName(basename(path)),
        );
        if (!all && dockerfiles.length === 0) return;
        await first;
        await run.pass(all ? undefined : new Set(dockerfiles));
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

/** Files that change what is said about others. */
function changesSettings(path: string): boolean {
  const name = basename(path);
  return (
    name === ignoreFileName ||
    name.endsWith('.dockerignore') ||
    [...portholeNames, ...hadolintNames].some((one) => one === name)
  );
}
