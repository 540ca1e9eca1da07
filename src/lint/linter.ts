/** Lints named files with the settings that are in force for each: configuration files, then the command line. */
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { encodeSource, type SourceText } from '../dockerfile/source.ts';
import { fixSource } from './apply-fixes.ts';
import { compilersFor } from './compilers.ts';
import type { FileReport } from './formats/report.ts';
import { lintSource, lintSources, type LintOptions } from './lint-file.ts';
import { readSource, readSourceFile, type ReadSource } from './read-source.ts';
import type { RuleDefinition } from './rule.ts';
import { SeenFolders } from './seen-folders.ts';
import { ConfigFinder, type LoadedConfig, type PersonalSettings } from './settings/find-config.ts';
import { mergeSettings, optionsOf, type LintSettings } from './settings/lint-settings.ts';
import { unifiedDiff } from './unified-diff.ts';

export interface LinterWorld {
  readonly cwd: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly personal: PersonalSettings;
  readonly readStdin: () => Promise<Uint8Array>;
}

export interface LintedFile {
  readonly report: FileReport;
  readonly settings: LintSettings;
  /** With `fix`: what changes, as a unified diff; empty for nothing. */
  readonly diff: string;
  /** With `fix`: the text that is or would be written. */
  readonly fixed: string;
}

export interface FixMode {
  readonly fix: boolean;
  /** Nothing is written. */
  readonly dryRun: boolean;
}

/** The name that stands for standard input. */
export const stdinName = '-';

/** Read, with all that linting it takes. */
interface OpenFile {
  readonly name: string;
  /** Absolute; undefined for standard input. */
  readonly path: string | undefined;
  readonly source: SourceText;
  readonly wasUtf16: boolean;
  readonly settings: LintSettings;
  readonly options: LintOptions;
}

/** Takes what cannot be linted; the rest goes on. */
export type Refuse = (name: string, error: unknown) => void;

const mostTogether = 16;

/** Whether files are to be linted before more are read: their models will be in memory at the same time. */
function isEnough(files: readonly OpenFile[]): boolean {
  return (
    files.length >= mostTogether || files.reduce((sum, { source }) => sum + source.text.length, 0) > 100_000
  );
}

export class Linter {
  readonly #rules: readonly RuleDefinition[];
  readonly #given: LintSettings;
  readonly #world: LinterWorld;
  /** Named by the user: it is the only one. */
  readonly #config: LoadedConfig | undefined;
  readonly #finder: ConfigFinder;
  /** By the path of the configuration, '' for none. */
  readonly #options = new Map<
    string,
    Promise<{ settings: LintSettings; options: Omit<LintOptions, 'name'> }>
  >();
  readonly #notices = new Set<string>();
  /** By the search for the files of this run. */
  readonly seen = new SeenFolders();
  /** Named files (absolute) that can be read once: pipes, devices. */
  readonly pipes = new Set<string>();

  /** `given`: from the command line, which wins over every file. */
  constructor(
    rules: readonly RuleDefinition[],
    given: LintSettings,
    world: LinterWorld,
    config?: LoadedConfig,
  ) {
    this.#rules = rules;
    this.#given = given;
    this.#world = world;
    this.#config = config;
    this.#finder = new ConfigFinder(rules, world.personal, this.seen);
  }

  /** What configuration files said that has no effect, one line each, so far. */
  get notices(): ReadonlySet<string> {
    return this.#notices;
  }

  /** In the order of `names`. `refuse` is told of `LintConfigError`, `BinaryFileError` and system errors. */
  async lint(
    names: readonly string[],
    mode: FixMode,
    refuse: Refuse,
    signal?: AbortSignal,
  ): Promise<LintedFile[]> {
    const linted: LintedFile[] = [];
    const waiting: OpenFile[] = [];
    for (const [at, name] of names.entries()) {
      // Nothing here waits for anything: Ctrl-C would be heard at the end of all files.
      if (at > 0 && at % mostTogether === 0) await new Promise(setImmediate);
      signal?.throwIfAborted();
      try {
        const file = await this.#open(name, mode);
        if (mode.fix) linted.push(this.#fix(file, mode));
        else waiting.push(file);
      } catch (error) {
        // Reading standard input may have waited for it.
        signal?.throwIfAborted();
        refuse(name, error);
      }
      if (isEnough(waiting)) linted.push(...this.#lintTogether(waiting.splice(0), refuse));
    }
    return [...linted, ...this.#lintTogether(waiting, refuse)];
  }

  #lintTogether(files: readonly OpenFile[], refuse: Refuse): LintedFile[] {
    try {
      return lintSources(files, this.#rules).map(({ findings }, at) => {
        const { name, source, settings } = files[at]!;
        return { report: { file: name, source, findings }, settings, diff: '', fixed: source.text };
      });
    } catch (error) {
      // A mistake of ours, which must not cost the findings of the other files.
      if (files.length > 1) return files.flatMap((file) => this.#lintTogether([file], refuse));
      refuse(files[0]!.name, error);
      return [];
    }
  }

  async #open(name: string, { fix, dryRun }: FixMode): Promise<OpenFile> {
    const path = name === stdinName ? undefined : this.path(name);
    if (fix && !dryRun && path !== undefined && this.pipes.has(path))
      throw new Error('is no regular file, which --fix could write');
    const { source, wasUtf16 } =
      path === undefined ? readSource(await this.#world.readStdin()) : this.#read(path);
    compilersFor(source.text.length);
    const folder = path === undefined ? this.#world.cwd : dirname(path);
    const { settings, options } = await this.#optionsOf(folder);
    const dockerignore =
      path === undefined || this.seen.isBare(folder) ? undefined : dockerignoreOf(path, this.seen);
    const all: LintOptions = { ...options, name, wasUtf16, rule: { ...options.rule, dockerignore } };
    return { name, path, source, wasUtf16, settings, options: all };
  }

  #fix({ name, path, source, wasUtf16, settings, options: all }: OpenFile, { dryRun }: FixMode): LintedFile {
    const fixed = fixSource(source, this.#rules, all);
    const diff = unifiedDiff(name === stdinName ? 'Dockerfile' : name, source.text, fixed.source.text);
    const writes = !dryRun && path !== undefined && (diff !== '' || wasUtf16);
    if (writes) writeFileSync(path, encodeSource(fixed.source.text, source.encoding));
    // What was written, or goes to standard output, is UTF-8 now.
    const findings =
      wasUtf16 && (writes || (!dryRun && path === undefined))
        ? lintSource(fixed.source, this.#rules, { ...all, wasUtf16: false }).findings
        : fixed.result.findings;
    return {
      report: { file: name, source: fixed.source, findings },
      settings,
      diff,
      fixed: fixed.source.text,
    };
  }

  #read(path: string): ReadSource {
    return this.pipes.has(path) ? readSource(readFileSync(path)) : readSourceFile(path);
  }

  path(name: string): string {
    return isAbsolute(name) ? name : resolve(this.#world.cwd, name);
  }

  #optionsOf(folder: string): Promise<{ settings: LintSettings; options: Omit<LintOptions, 'name'> }> {
    const path = this.#config?.path ?? this.#finder.pathFor(folder) ?? '';
    let found = this.#options.get(path);
    if (found === undefined) {
      found = this.#load(path);
      this.#options.set(path, found);
    }
    return found;
  }

  async #load(path: string): Promise<{ settings: LintSettings; options: Omit<LintOptions, 'name'> }> {
    const config = this.#config ?? (path === '' ? this.#finder.withoutFile() : await this.#finder.load(path));
    for (const notice of config?.notices ?? []) this.#notices.add(notice);
    const settings = config === undefined ? this.#given : mergeSettings(config.settings, this.#given);
    return { settings, options: optionsOf(settings, this.#rules, this.#world.now) };
  }
}

/** BuildKit's order: `NAME.dockerignore`, then `.dockerignore` of the context, which is taken to be the file's folder. */
export function dockerignoreOf(path: string, seen = new SeenFolders()): string | undefined {
  const folder = dirname(path);
  const found = [`${basename(path)}.dockerignore`, '.dockerignore'].find((name) => seen.holds(folder, name));
  try {
    return found === undefined ? undefined : readFileSync(join(folder, found), 'utf8');
  } catch {
    // A folder of that name, or one that may not be read: the build will say so.
    return undefined;
  }
}
