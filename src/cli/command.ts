/**
 * The base of every command class. Nothing of oclif is loaded here (design.md 10): statics are data that the direct
 * dispatcher, the help renderer, the completion index and oclif's manifest all read.
 */
import type { Engine } from '../engine/roles/index.ts';
import type { Environment } from '../environment.ts';
import type { FlagSpecs, ParsedFlags } from './flag.ts';

export interface Terminal {
  readonly isTTY: boolean;
  /** Columns; 80 where unknown. */
  readonly columns: number;
  readonly rows: number;
  readonly color: boolean;
}

/** Global flags (docker-cli.md 1.1), given before the command. */
export interface GlobalFlags {
  readonly config: string;
  readonly host: readonly string[];
  readonly debug: boolean;
  readonly logLevel: string;
  /** Files of `--record` and `--replay`, as given. */
  readonly record?: string;
  readonly replay?: string;
}

/** Everything a command may touch. Tests pass fakes; `bin/run.js` passes the process's own. */
export interface CommandContext {
  readonly environment: Environment;
  readonly globals: GlobalFlags;
  /** The composition root, loaded only when a command asks (codebases.md 6, the one exception). */
  readonly engine: () => Promise<Engine>;
  readonly stdin: NodeJS.ReadStream | NodeJS.ReadableStream;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  readonly inTerminal: Terminal;
  readonly outTerminal: Terminal;
  readonly errTerminal: Terminal;
  /** Aborted by Ctrl-C or SIGTERM, unless a signal listener is there. The dispatcher then ends with 128 + signal number. */
  readonly signal: AbortSignal;
  /**
   * While a listener is subscribed, every catchable signal but CHLD, PIPE and URG goes to it (`SIGINT`, `SIGHUP`, …) and
   * does not abort `signal`: how attached commands forward signals. Returns the unsubscriber.
   */
  readonly onSignal: (listener: (name: NodeJS.Signals) => void) => () => void;
  /** `docker` in recorded outputs, `porthole` in ours: the first word of usage lines. */
  readonly bin: string;
  /**
   * True under `--json` (users.md 4.1), a flag that every command has without declaring it. `stdout` then discards what is
   * written, and the dispatcher prints what the command gave to `result` as one JSON document, or the error document.
   * Commands write their text as always; they need this only to collect what they would otherwise stream.
   */
  readonly json: boolean;
}

/** Argument counts with Docker's texts (`cli/required.go`). `max` absent = no limit. */
export interface ArgCount {
  readonly min: number;
  readonly max?: number;
}

export interface CommandClass {
  new (context: CommandContext): Command;
  /** First line of help and the text in command lists. */
  readonly summary: string;
  /** After the command path: `[OPTIONS] CONTAINER [CONTAINER...]`. */
  readonly usage: string;
  readonly flags: FlagSpecs;
  readonly args: ArgCount;
  /** Other spellings, as space-separated paths: `container ls`, `container list`. */
  readonly aliases?: readonly string[];
  /** False for run, create, exec: the first positional ends flag parsing. */
  readonly interspersed?: boolean;
  /** True: words such as `-5` are arguments (`explain -1073741515`). */
  readonly negativeNumbers?: boolean;
  /** Other names of flags that scripts still use, accepted without a word: `{ net: 'network' }` (pflag normalisation). */
  readonly flagAliases?: Readonly<Record<string, string>>;
  /** More text under the summary in help. */
  readonly description?: string;
  readonly hidden?: boolean;
  /** Exit code for flags and arguments that are wrong, where it is not Docker's. */
  readonly usageExitCode?: number;
  readonly examples?: readonly string[];
  /** What the positional arguments name, for completion. */
  readonly completes?:
    | 'container'
    | 'running-container'
    | 'stopped-container'
    | 'image'
    | 'network'
    | 'volume'
    | 'file'
    | 'none';
  /** Group in `porthole --help`: Docker's Common / Management / Other. */
  readonly category?: 'common' | 'management' | 'command';
}

/** One command: statics above, and a `run` of a few paragraphs that talks to roles and prints through renderers. */
export abstract class Command {
  protected readonly context: CommandContext;
  #result: unknown;

  constructor(context: CommandContext) {
    this.context = context;
  }

  /**
   * Does the work. `parsed` was checked against the class's flags and argument counts. The result is the exit code
   * (undefined = 0). Errors are thrown: the dispatcher prints them in Docker's words and sets the exit code.
   */
  abstract run(parsed: ParsedFlags<FlagSpecs>): Promise<number | undefined | void>;

  /**
   * Sets what `--json` prints: wire types where Docker has them, arrays for lists (`ps` gives its summaries), an object with
   * `apiVersion: 'porthole/v1'` for commands that only Porthole has. A function is called only under `--json`. The last
   * call wins; a command that fails half way sets what succeeded first, and it is printed beside the error.
   */
  protected result(value: unknown): void {
    this.#result = value;
  }

  /** The value given to `result`, read by the dispatcher after `run`. */
  get outcome(): unknown {
    return typeof this.#result === 'function' ? (this.#result as () => unknown)() : this.#result;
  }
}
