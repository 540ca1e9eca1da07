/** Ctrl-C and its kin (docker-cli.md 1.1, 4.4): they abort the command, or go to whoever forwards them to a container. */
import { PortholeError } from '../errors/porthole-error.ts';

/** The process, as far as signals go. */
export interface SignalSource {
  readonly platform: string;
  on(name: NodeJS.Signals, listener: (name: NodeJS.Signals) => void): unknown;
  off(name: NodeJS.Signals, listener: (name: NodeJS.Signals) => void): unknown;
  /** Ends the process at once with code 1, after the line on stderr. */
  forceExit(line: string): void;
}

/** Exit codes of the signals that end a command: 128 + number. */
const endings: Readonly<Partial<Record<NodeJS.Signals, number>>> = {
  SIGHUP: 129,
  SIGINT: 130,
  SIGTERM: 143,
  SIGBREAK: 149,
};

const windowsSignals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGBREAK'];
/** Every catchable signal but CHLD, PIPE and URG. */
const unixSignals: readonly NodeJS.Signals[] = [
  ...(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGALRM', 'SIGTSTP'] as const),
  ...(['SIGCONT', 'SIGTTIN', 'SIGTTOU', 'SIGWINCH', 'SIGIO', 'SIGPWR', 'SIGSYS', 'SIGTRAP'] as const),
];

/** Installs handlers only when a command asks for the abort signal or for the signals themselves. */
export class Signals {
  readonly #source: SignalSource;
  readonly #catchable: readonly NodeJS.Signals[];
  readonly #controller = new AbortController();
  #listeners = 0;
  #installed = false;
  #received = 0;
  #ended: number | undefined;

  constructor(source: SignalSource) {
    this.#source = source;
    this.#catchable = source.platform === 'win32' ? windowsSignals : unixSignals;
  }

  /** Exit code of the first signal that aborted the command. */
  get ended(): number | undefined {
    return this.#ended;
  }

  /** Aborted by the first signal that ends commands; the third ends the process. */
  get abort(): AbortSignal {
    if (!this.#installed) {
      this.#installed = true;
      for (const name of this.#catchable) {
        const code = endings[name];
        if (code !== undefined) this.#source.on(name, () => this.#end(name, code));
      }
    }
    return this.#controller.signal;
  }

  #end(name: NodeJS.Signals, code: number): void {
    if (this.#listeners > 0) return;
    this.#ended ??= code;
    this.#controller.abort(new PortholeError('cancelled', 'CANCELLED', `ended by ${name}`));
    if (++this.#received === 3) this.#source.forceExit('got 3 SIGTERM/SIGINTs, forcefully exiting');
  }

  /** While subscribed, signals go to the listener and abort nothing. */
  subscribe(listener: (name: NodeJS.Signals) => void): () => void {
    // Between two subscriptions the default action would end the process.
    void this.abort;
    const deliver = (name: NodeJS.Signals): void => listener(name);
    this.#listeners++;
    for (const name of this.#catchable) this.#source.on(name, deliver);
    let subscribed = true;
    return () => {
      if (!subscribed) return;
      subscribed = false;
      this.#listeners--;
      for (const name of this.#catchable) this.#source.off(name, deliver);
    };
  }
}
