/**
 * Deaths by signal in a sandbox. Wine reports exit code 0 for a process that the kernel killed (out of memory, or from
 * outside), which would pass for success: the sandbox's first process tells of such deaths, and an exit that comes with one
 * gets its code from here.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';

/** How far apart the two messages about one death may be. */
const windowMs = 50;

/** STATUS_NO_MEMORY: what a program ends with that meets its limit on Windows (users.md 5.6). */
const noMemory = 0xc0000017;

export class SignalDeaths {
  readonly #deaths: { readonly signal: number; readonly name: string; readonly at: number }[] = [];
  readonly #oomKills: () => number;
  #seenOomKills = 0;

  /** `oomKills` counts the kernel's out-of-memory kills in the sandbox so far. */
  constructor(oomKills: () => number) {
    this.#oomKills = oomKills;
  }

  /** `name` is the kernel's: the program's, cut at 15 characters. */
  record(signal: number, name: string): void {
    this.#deaths.push({ signal, name, at: performance.now() });
  }

  /** The code to report for a process with that command line that Wine says ended with `code`. */
  async exitCode(commandLine: string, code: number): Promise<number> {
    if (code !== 0) return code;
    const now = performance.now();
    await nextTurn();
    while (this.#deaths.length > 0 && now - this.#deaths[0]!.at > windowMs) this.#deaths.shift();
    const name = kernelName(commandLine);
    const index = this.#deaths.findIndex((one) => one.name.toLowerCase() === name);
    const death = index === -1 ? undefined : this.#deaths.splice(index, 1)[0];
    if (death === undefined) return code;
    const oomKills = this.#oomKills();
    const starved = oomKills > this.#seenOomKills;
    this.#seenOomKills = oomKills;
    return starved ? noMemory : 128 + death.signal;
  }
}

/** How the kernel names the program that a command line starts: `cmd.exe` for `cmd /c x`, and for batch files. */
export function kernelName(commandLine: string): string {
  const match = /^\s*(?:"([^"]*)"|(\S+))/.exec(commandLine);
  const path = match?.[1] ?? match?.[2] ?? '';
  const name = (path.split(/[\\/]/).at(-1) ?? '').toLowerCase();
  if (/\.(?:bat|cmd)$/.test(name)) return 'cmd.exe';
  return (name.includes('.') ? name : `${name}.exe`).slice(0, 15);
}
