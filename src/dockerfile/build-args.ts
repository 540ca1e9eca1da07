/**
 * Scope of ARG (dockerfile.md 1.8), as the classic builder has it. `given` values (`--build-arg`) win over defaults, but only
 * for declared names; a null value says that the client had none, which leaves the default. Proxies need no declaration.
 */
import { own } from '../text/own.ts';

export const predefinedArgs: readonly string[] = [
  'HTTP_PROXY',
  'http_proxy',
  'HTTPS_PROXY',
  'https_proxy',
  'FTP_PROXY',
  'ftp_proxy',
  'NO_PROXY',
  'no_proxy',
  'ALL_PROXY',
  'all_proxy',
];

export interface ArgPlatform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string | undefined;
  readonly osVersion?: string | undefined;
}

/** `BUILDPLATFORM`, `TARGETARCH` and the like: global, so a stage sees them after an ARG without a default. */
export function platformArgs(
  build: ArgPlatform,
  target: ArgPlatform,
  targetStage: string,
): Record<string, string> {
  const of = (prefix: string, platform: ArgPlatform, version: string) => ({
    [`${prefix}PLATFORM`]: `${platform.os}${version === '' ? '' : `(${version})`}/${platform.architecture}`,
    [`${prefix}OS`]: platform.os,
    [`${prefix}OSVERSION`]: platform.osVersion ?? '',
    [`${prefix}ARCH`]: platform.architecture,
    [`${prefix}VARIANT`]: platform.variant ?? '',
  });
  return {
    // Only the target's platform is written with its version.
    ...of('BUILD', build, ''),
    ...of('TARGET', target, target.osVersion ?? ''),
    TARGETSTAGE: targetStage === '' ? 'default' : targetStage,
  };
}

type Defaults = ReadonlyMap<string, string | undefined>;

export class BuildArgs {
  readonly #given: Readonly<Record<string, string | null>>;
  readonly #global: Map<string, string | undefined>;
  readonly #stage = new Map<string, string | undefined>();
  /** Names that any ARG declared, in any stage. */
  readonly #declared: Set<string>;

  /** `automatic`: global arguments that exist without being declared (`platformArgs`). */
  constructor(
    given: Readonly<Record<string, string | null>>,
    automatic: Readonly<Record<string, string>> = {},
    parent?: BuildArgs,
  ) {
    this.#given = given;
    this.#global = parent ? parent.#global : new Map<string, string | undefined>(Object.entries(automatic));
    this.#declared = parent ? parent.#declared : new Set<string>();
  }

  /** The arguments of a new stage: nothing of an earlier one is visible. */
  forStage(): BuildArgs {
    return new BuildArgs(this.#given, {}, this);
  }

  /** ARG before the first FROM. */
  declareGlobal(name: string, value: string | undefined): void {
    this.#global.set(name, value);
    this.#declared.add(name);
  }

  /** ARG in a stage: without a default it takes the global value. */
  declare(name: string, value: string | undefined): void {
    this.#stage.set(name, value);
    this.#declared.add(name);
  }

  /** What FROM sees: global arguments. */
  globalValues(): Map<string, string> {
    return this.#values(this.#global);
  }

  /** What the stage's instructions see. */
  stageValues(): Map<string, string> {
    return this.#values(this.#stage);
  }

  /** Stage values as `NAME=value`, without those that the environment has already. */
  environment(environment: readonly string[]): string[] {
    const set = new Set(environment.map((entry) => entry.split('=', 1)[0]!));
    return [...this.stageValues()]
      .filter(([name]) => !set.has(name))
      .map(([name, value]) => `${name}=${value}`);
  }

  /** A predefined argument that no ARG declared: it reaches RUN but is no part of cache keys and history. */
  isUndeclaredPredefined(name: string): boolean {
    return predefinedArgs.includes(name) && !this.#declared.has(name);
  }

  /** Given names that no ARG declared, sorted. */
  unused(): string[] {
    return Object.keys(this.#given)
      .filter((name) => !predefinedArgs.includes(name) && !this.#declared.has(name))
      .sort();
  }

  #values(defaults: Defaults): Map<string, string> {
    const values = new Map<string, string>();
    for (const name of new Set([...defaults.keys(), ...predefinedArgs])) {
      const given = own(this.#given, name);
      const value = given ?? defaults.get(name) ?? this.#global.get(name);
      if (value !== undefined) values.set(name, value);
    }
    return values;
  }
}
