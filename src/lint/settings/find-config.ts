/** Which configuration file a Dockerfile goes by. Reading one is rare: YAML is loaded only then. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import type { RuleDefinition } from '../rule.ts';
import { SeenFolders } from '../seen-folders.ts';
import { LintConfigError } from './config-error.ts';
import { readHadolintEnvironment, type Variables } from './hadolint-environment.ts';
import { joinHadolintValues, settingsOfHadolint } from './hadolint-values.ts';
import type { LintSettings } from './lint-settings.ts';

export const portholeNames = ['.porthole-lint.yaml', '.porthole-lint.yml'] as const;
export const hadolintNames = ['.hadolint.yaml', '.hadolint.yml'] as const;

export interface LoadedConfig {
  readonly path: string;
  readonly settings: LintSettings;
  readonly notices: readonly string[];
}

/** Where a person's own settings of hadolint are (dockerfile.md 3.3). */
export interface PersonalSettings {
  readonly home: string;
  /** `$XDG_CONFIG_HOME`, on Windows `%LOCALAPPDATA%`. */
  readonly config: string | undefined;
  /** The environment: `HADOLINT_IGNORE` and its like count beside hadolint's file, and where there is no file. */
  readonly variables: Variables;
}

/** Of the person who runs this. */
export function personalSettings({
  env,
  homeDir,
  platform,
}: {
  readonly env: Variables;
  readonly homeDir: string;
  readonly platform: NodeJS.Platform;
}): PersonalSettings {
  return {
    home: homeDir,
    config: env[platform === 'win32' ? 'LOCALAPPDATA' : 'XDG_CONFIG_HOME'],
    variables: env,
  };
}

/** The file that `--config` names. Rejects with `LintConfigError` or a system error, both with the name as it was given. */
export async function loadNamedConfig(
  name: string,
  cwd: string,
  rules: readonly RuleDefinition[],
  variables: Variables = {},
): Promise<LoadedConfig> {
  const path = isAbsolute(name) ? name : resolve(cwd, name);
  try {
    return await readConfig(path, name, rules, readHadolintEnvironment(variables));
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === undefined
      ? error
      : Object.assign(error as Error, { path: name, syscall: 'open' });
  }
}

/** The name of the file tells whose keys it has. `shown`: how messages call it. */
async function readConfig(
  path: string,
  shown: string,
  rules: readonly RuleDefinition[],
  environment: ReturnType<typeof readHadolintEnvironment>,
): Promise<LoadedConfig> {
  const text = readFileSync(path, 'utf8');
  if (/hadolint[^\\/]*$|[\\/]\.?hadolint[\\/]config\.ya?ml$/i.test(path)) {
    const { readHadolintConfig } = await import('./hadolint-config.ts');
    const { values, notices } = readHadolintConfig(text, shown);
    const joined = joinHadolintValues(environment?.values ?? {}, values);
    return {
      path,
      settings: settingsOfHadolint(joined, rules),
      notices: [...(environment?.notices ?? []), ...notices],
    };
  }
  const { readPortholeConfig } = await import('./porthole-config.ts');
  return { path, settings: readPortholeConfig(text, shown, rules), notices: [] };
}

/** Rethrows. A system error gets the path of the configuration: it is met while a Dockerfile is linted. */
function unreadable(error: NodeJS.ErrnoException, path: string): never {
  const { code, message } = error;
  if (code === undefined || error instanceof LintConfigError) throw error;
  throw Object.assign(new LintConfigError([`${path}: ${message}`]), { code, path, syscall: 'open' });
}

/** Where hadolint's own configuration may lie, in the order that counts. */
export function personalFiles({ home, config }: PersonalSettings): string[] {
  const stems = [
    ...(config === undefined ? [] : [join(config, 'hadolint')]),
    join(home, '.config', 'hadolint'),
    join(home, '.hadolint', 'hadolint'),
    join(home, 'hadolint', 'config'),
    join(home, '.hadolint'),
  ];
  return stems.flatMap((stem) => [`${stem}.yaml`, `${stem}.yml`]);
}

/** Finds and reads configurations, each once. */
export class ConfigFinder {
  readonly #rules: readonly RuleDefinition[];
  readonly #personal: PersonalSettings;
  readonly #seen: SeenFolders;
  readonly #paths = new Map<string, string | undefined>();
  readonly #loaded = new Map<string, Promise<LoadedConfig>>();
  readonly #environment: ReturnType<typeof readHadolintEnvironment>;

  constructor(rules: readonly RuleDefinition[], personal: PersonalSettings, seen = new SeenFolders()) {
    this.#rules = rules;
    this.#seen = seen;
    this.#personal = personal;
    this.#environment = readHadolintEnvironment(personal.variables);
  }

  /**
   * The configuration for files of `folder` (absolute): the nearest `.porthole-lint.yaml` of it and the folders above, else
   * the nearest `.hadolint.yaml`, else hadolint's personal one.
   */
  pathFor(folder: string): string | undefined {
    // Nearly all folders of a search.
    const from = this.#seen.isBare(folder) ? dirname(folder) : folder;
    return this.#nearest(from, portholeNames) ?? this.#nearest(from, hadolintNames) ?? this.#personalFile();
  }

  /** Rejects with `LintConfigError`; one for a file that cannot be read has the fields of the system's error. */
  load(path: string): Promise<LoadedConfig> {
    let loaded = this.#loaded.get(path);
    if (loaded === undefined) {
      loaded = readConfig(path, path, this.#rules, this.#environment).catch((error: unknown) =>
        unreadable(error as NodeJS.ErrnoException, path),
      );
      this.#loaded.set(path, loaded);
    }
    return loaded;
  }

  /** What is in force where there is no file. */
  withoutFile(): Omit<LoadedConfig, 'path'> | undefined {
    const environment = this.#environment;
    return (
      environment && {
        settings: settingsOfHadolint(environment.values, this.#rules),
        notices: environment.notices,
      }
    );
  }

  /** Every folder is asked once, however many files lie below it. */
  #nearest(folder: string, names: readonly string[]): string | undefined {
    const key = `${names[0]!}\0${folder}`;
    if (this.#paths.has(key)) return this.#paths.get(key);
    const above = dirname(folder);
    const name = this.#seen.isBare(folder) ? undefined : names.find((one) => this.#seen.holds(folder, one));
    const found =
      name === undefined ? (above === folder ? undefined : this.#nearest(above, names)) : join(folder, name);
    this.#paths.set(key, found);
    return found;
  }

  #personalFile(): string | undefined {
    const key = 'personal';
    if (this.#paths.has(key)) return this.#paths.get(key);
    const found = personalFiles(this.#personal).find((path) => existsSync(path));
    this.#paths.set(key, found);
    return found;
  }
}
