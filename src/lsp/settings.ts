/** What a document is linted with: the editor's settings over the configuration files around the document. */
import { dirname } from 'node:path';
import { dockerignoreOf } from '../lint/linter.ts';
import type { LintOptions } from '../lint/lint-file.ts';
import type { RuleDefinition } from '../lint/rule.ts';
import { ConfigFinder, type PersonalSettings } from '../lint/settings/find-config.ts';
import { mergeSettings, optionsOf, type LintSettings } from '../lint/settings/lint-settings.ts';

export interface ReadSettings {
  readonly settings: LintSettings;
  /** What could not be used, one line each. */
  readonly mistakes: readonly string[];
}

/** Where the editor keeps the settings. */
export const section = 'porthole.lint';

/** `value`: a table with the keys of `.porthole-lint.yaml`. Keys that are wrong are left out, and the others count. */
export async function clientSettings(
  value: unknown,
  rules: readonly RuleDefinition[],
): Promise<ReadSettings> {
  if (value === undefined || value === null) return { settings: {}, mistakes: [] };
  if (typeof value !== 'object' || Array.isArray(value)) {
    return { settings: {}, mistakes: [`${section} is ${JSON.stringify(value)}: expected a table`] };
  }
  const { readPortholeConfig } = await import('../lint/settings/porthole-config.ts');
  let settings: LintSettings = {};
  const mistakes: string[] = [];
  for (const [key, given] of Object.entries(value)) {
    // Editors give keys that nobody set, without a value.
    if (given === undefined || given === null) continue;
    try {
      // JSON is YAML.
      const text = JSON.stringify({ [key]: given as unknown });
      settings = mergeSettings(settings, readPortholeConfig(text, section, rules));
    } catch (error) {
      mistakes.push(
        ...(error as Error).message.split('\n').map((line) => line.replace(/^([\w.]+):\d+:\d+/, '$1')),
      );
    }
  }
  return { settings, mistakes };
}

/** Options by document. Files are read once: `new` again when any of them may have changed. */
export class SettingsReader {
  readonly #rules: readonly RuleDefinition[];
  readonly #client: LintSettings;
  readonly #now: number;
  readonly #finder: ConfigFinder;
  readonly #complain: (mistake: string) => void;

  /** `complain` gets every mistake of a configuration file once a reader. */
  constructor(
    rules: readonly RuleDefinition[],
    client: LintSettings,
    personal: PersonalSettings,
    now: number,
    complain: (mistake: string) => void,
  ) {
    this.#rules = rules;
    this.#client = client;
    this.#now = now;
    this.#finder = new ConfigFinder(rules, personal);
    const told = new Set<string>();
    this.#complain = (mistake) => {
      if (!told.has(mistake)) complain(mistake);
      told.add(mistake);
    };
  }

  /** `path`: undefined for documents that are no files. A configuration that is wrong counts as absent. */
  async optionsFor(name: string, path: string | undefined): Promise<LintOptions> {
    const config =
      path === undefined ? this.#finder.withoutFile()?.settings : await this.#config(dirname(path));
    const settings = config === undefined ? this.#client : mergeSettings(config, this.#client);
    const options = optionsOf(settings, this.#rules, this.#now);
    const dockerignore = path === undefined ? undefined : dockerignoreOf(path);
    return { ...options, name, rule: { ...options.rule, dockerignore } };
  }

  async #config(folder: string): Promise<LintSettings | undefined> {
    const path = this.#finder.pathFor(folder);
    if (path === undefined) return this.#finder.withoutFile()?.settings;
    try {
      return (await this.#finder.load(path)).settings;
    } catch (error) {
      for (const line of (error as Error).message.split('\n')) this.#complain(line);
      return undefined;
    }
  }
}
