/**
 * Flag definitions: plain data that both roads read, the pflag-compatible parser (`argv.ts`) and oclif's manifest and help.
 * Types are pflag's and Docker's (docker-cli.md 1.1): they decide the value grammar, the error text and the help column.
 */
export type FlagType =
  | 'bool'
  | 'string'
  | 'int'
  | 'int64'
  | 'uint'
  | 'uint16'
  | 'decimal' // --cpus
  | 'bytes'
  | 'duration'
  | 'list' // repeatable, one value each
  | 'strings' // repeatable, comma separated
  | 'map' // key=value, repeatable
  | 'stringToString'
  | 'filter'
  | 'mount'
  | 'network'
  | 'gpu-request'
  | 'ulimit'
  | 'secret'
  | 'pem file';

export interface FlagSpec {
  readonly type: FlagType;
  readonly char?: string;
  /** Docker's text without the `(default …)` that help adds; may have several lines. */
  readonly description: string;
  /** Value when the flag is absent. Absent = the type's zero ('' | 0 | false | [] | {}). */
  readonly default?: boolean | number | string;
  /** Shown in help as `(default X)` where `default` cannot tell: Docker's device lists print `[]`. Maps and ulimits do without. */
  readonly helpDefault?: string;
  /** How help shows the value's type, when not the type's own name. */
  readonly placeholder?: string;
  /** Value when the flag is given without one (pflag NoOptDefVal). */
  readonly noOptDefault?: string;
  /**
   * Checks one value as typed and returns what is kept (Docker's own option types). Throws an Error whose message
   * completes `invalid argument "x" for "--flag" flag: `.
   */
  readonly check?: (value: string) => string;
  /** For `bytes`: `-1` is taken as it is (`--memory-swap`). */
  readonly unlimited?: boolean;
  readonly hidden?: boolean;
  /** End of pflag's line `Flag --time has been deprecated, use --timeout instead`: the part after the comma. Hides the flag. */
  readonly deprecated?: string;
  /** The same for the letter alone: `Flag shorthand -h has been deprecated, use --help`. The letter stays out of help. */
  readonly charDeprecated?: string;
  /** Added by Porthole, not by Docker: listed last in help. */
  readonly own?: boolean;
  /** Completion: fixed values, or the kind of object names to offer. */
  readonly complete?:
    readonly string[] | 'container' | 'running-container' | 'image' | 'network' | 'volume' | 'file';
}

export type FlagSpecs = Readonly<Record<string, FlagSpec>>;

type ListTypes = 'list' | 'strings' | 'filter' | 'mount' | 'network' | 'gpu-request' | 'ulimit' | 'secret';

/** The parsed value of one flag. `bytes`: a number of bytes; `duration`: nanoseconds; `decimal`: nano-CPUs (1e-9). */
export type FlagValue<T extends FlagType> = T extends 'bool'
  ? boolean
  : T extends 'int' | 'int64' | 'uint' | 'uint16' | 'bytes' | 'duration' | 'decimal'
    ? number
    : T extends ListTypes
      ? string[]
      : T extends 'map' | 'stringToString'
        ? Record<string, string>
        : string;

export type FlagValues<F extends FlagSpecs> = { readonly [K in keyof F]: FlagValue<F[K]['type']> };

/** What `parseFlags` gives a command: values with defaults filled, and which flags the user really gave. */
export interface ParsedFlags<F extends FlagSpecs> {
  readonly flags: FlagValues<F>;
  readonly changed: ReadonlySet<string>;
  /** Arguments left after flags, in order; after the first one everything is here when `interspersed` is false. */
  readonly args: readonly string[];
}
