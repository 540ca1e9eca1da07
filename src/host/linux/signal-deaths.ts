/**
 * Deaths by signal in a sandbox. Wine reports exit code 0 for a process that the kernel killed (out of memory, or from
 * outside), which would pass for success: the sandbox's first process tells of such deaths, and an exit that comes with one
 * gets its code from here.
 */
import { EventEmitter, once } from 'node:events';
import { constants } from 'node:os';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** How far apart the two messages about one death may be. */
const windowMs = 50;

/** How long the news of a kill that the kernel has counted may take. */
const patienceMs = 1000;

/** STATUS_NO_MEMORY: what a program ends with that meets its limit on Windows (users.md 5.6). */
const noMemory = 0xc0000017;

export class SignalDeaths {
  readonly #deaths: { readonly signal: number; readonly name: string; readonly at: number }[] = [];
  readonly #oomKills: () => number;
  readonly #told = new EventEmitter();
  #seenOomKills = 0;
  /** Deaths by SIGKILL that were told. */
  #kills = 0;

  /** `oomKills` counts the kernel's out-of-memory kills in the sandbox so far. */
  constructor(oomKills: () => number) {
    this.#oomKills = oomKills;
  }

  /** `name` is the kernel's: the program's, cut at 15 characters. */
  record(signal: number, name: string): void {
    this.#deaths.push({ signal, name, at: performance.now() });
    if (signal === constants.signals.SIGKILL) this.#kills += 1;
    this.#told.emit('death');
  }

  /** The code to report for a process with that command line that Wine says ended with `code`. */
  async exitCode(commandLine: string, code: number): Promise<number> {
    if (code !== 0) return code;
    const now = performance.now();
    await nextTurn();
    while (this.#deaths.length > 0 && now - this.#deaths[0]!.at > windowMs) this.#deaths.shift();
    let death = this.#take(commandLine);
    if (death === undefined && this.#oomKills() > this.#kills) death = await this.#stillToBeTold(commandLine);
    if (death === undefined) return code;
    const oomKills = this.#oomKills();
    const starved = oomKills > this.#seenOomKills;
    this.#seenOomKills = oomKills;
    return starved ? noMemory : 128 + death.signal;
  }

  /** On a busy machine Wine may be first: the kernel has counted a kill of which no news has come. */
  async #stillToBeTold(commandLine: string): Promise<{ readonly signal: number } | undefined> {
    const patience = AbortSignal.timeout(patienceMs);
    while (this.#oomKills() > this.#kills) {
      await once(this.#told, 'death', { signal: patience }).catch(() => undefined);
      const death = this.#take(commandLine);
      if (death !== undefined) return death;
      // Somebody else saw that one: the next exits do not wait for it.
      if (patience.aborted) this.#kills = this.#oomKills();
    }
    return undefined;
  }

  #take(commandLine: string): { readonly signal: number } | undefined {
    const index = this.#deaths.findIndex((one) => isNamed(one.name, commandLine));
    return index === -1 ? undefined : this.#deaths.splice(index, 1)[0];
  }
}

/** The kernel names a Windows program by the first word of its command line, at most 15 characters of it. */
export function isNamed(kernelName: string, commandLine: string): boolean {
  const match = /^\s*(?:"([^"]*)"|(\S+))/.exec(commandLine);
  const path = match?.[1] ?? match?.[2] ?? '';
  const name = (path.split(/[\\/]/).at(-1) ?? '').toLowerCase();
  const bare = /\.(?:bat|cmd)$/.test(name) ? 'cmd' : name.replace(/\.exe$/, '');
  return [bare, `${bare}.exe`].some((candidate) => candidate.slice(0, 15) === kernelName.toLowerCase());
}
