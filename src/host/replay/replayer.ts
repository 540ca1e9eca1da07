/** Finds the recorded call for every call that is made now, and says when there is none. */
import { PortholeError } from '../../errors/porthole-error.ts';
import { argumentsToJson } from '../record/encode.ts';
import type { Places } from '../record/encode.ts';
import { processMethods, systemMethods } from '../record/methods.ts';
import { Redactor } from '../record/redact.ts';
import { firstDifference, shortJson } from './difference.ts';
import type { RecordedCall, RecordedProcess } from './recording.ts';

export interface ReplayOptions {
  readonly file: string;
  readonly places: Places;
  /** Containers that monitors had when the recording began, which are not in it. */
  readonly held?: readonly string[];
  /** Hears of every call that is not in the recording, for the engine may take the error for something else. */
  readonly onMismatch: (message: string) => void;
}

export class Replayer {
  readonly process: RecordedProcess;
  readonly places: Places;
  readonly #options: ReplayOptions;
  readonly #redactor = new Redactor();
  readonly #open: Set<RecordedCall>;
  #differs = false;
  readonly #waiting: { readonly blockers: ReadonlySet<RecordedCall>; readonly resume: () => void }[] = [];

  constructor(process: RecordedProcess, options: ReplayOptions) {
    this.process = process;
    this.places = options.places;
    this.#options = options;
    this.#open = new Set(process.calls);
  }

  /**
   * The recorded call for this one: the first with the same name, object and arguments that was not used yet; for what may be
   * asked again, the last that was. Throws kind `conflict`, code `REPLAY_MISMATCH`.
   */
  take(call: string, on: number | undefined, args: readonly unknown[], repeatable: boolean): RecordedCall {
    const shown = this.#redactor.value(argumentsToJson(args, this.places));
    const same = this.process.calls.filter((one) => one.call === call && one.on === on);
    const equal = same.filter((one) => firstDifference(one.args, shown, 'args') === undefined);
    const found = equal.find((one) => this.#open.has(one)) ?? (repeatable ? equal.at(-1) : undefined);
    if (found === undefined) throw this.#mismatch(call, same, shown);
    this.#open.delete(found);
    for (const { blockers, resume } of [...this.#waiting]) {
      if ([...blockers].every((one) => !this.#open.has(one))) resume();
    }
    return found;
  }

  /**
   * What to answer when the replay has gone another way than the recording and is tidying up: what only takes things away
   * has nothing to take, and lists are empty. Undefined: it is a mismatch.
   */
  tidied(call: string): { readonly result: unknown } | undefined {
    if (!this.#differs) return undefined;
    const [, method = ''] = call.split('.');
    if (method.startsWith('list')) return { result: [] };
    return undoing.test(method) ? { result: undefined } : undefined;
  }

  /**
   * Resolves when everything that was done to the system or process between this call's begin and its end has been done
   * again: exits happen because of something, and must not be told before it.
   */
  whenCaused({ end, line, on }: RecordedCall, signal: AbortSignal | undefined): Promise<void> {
    const family = this.#family(on);
    const blockers = new Set(
      this.process.calls.filter(
        (one) =>
          one.line > line &&
          (end === undefined || one.line < end.line) &&
          one.on !== undefined &&
          family.has(one.on) &&
          isAction(one.call) &&
          this.#open.has(one),
      ),
    );
    if (end !== undefined && blockers.size === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const waiter = { blockers, resume: () => undefined as void };
      const leave = (): void => {
        const at = this.#waiting.indexOf(waiter);
        if (at >= 0) this.#waiting.splice(at, 1);
      };
      waiter.resume = (): void => {
        // What never ended in the recording does not end now either.
        if (end === undefined) return;
        leave();
        resolve();
      };
      this.#waiting.push(waiter);
      signal?.addEventListener('abort', () => {
        leave();
        reject(signal.reason as Error);
      });
    });
  }

  /** The system that an object belongs to and everything that came of it. */
  #family(on: number | undefined): ReadonlySet<number> {
    const parent = this.process.calls.find(({ n }) => n === on)?.on;
    const root = parent ?? on;
    const children = this.process.calls.filter((one) => one.on === root).map(({ n }) => n);
    return new Set([...(root === undefined ? [] : [root]), ...children]);
  }

  #mismatch(call: string, same: readonly RecordedCall[], args: unknown): PortholeError {
    const { file } = this.#options;
    const next = same.find((one) => this.#open.has(one)) ?? same.at(-1);
    let message: string;
    if (next === undefined || !this.#open.has(next)) {
      const waiting = [...this.#open][0];
      const instead =
        waiting === undefined
          ? 'nothing is left in it'
          : `the next one there is ${waiting.call} (line ${waiting.line})`;
      const more = next === undefined ? '' : 'another ';
      message = `the recording has no ${more}${call}(${shortJson(args).slice(1, -1)}): ${instead}`;
    } else {
      const { path, recorded, now } = firstDifference(next.args, args, 'args')!;
      message = `${call} differs from the recording (line ${next.line}) at ${path}: recorded ${shortJson(recorded)}, now ${shortJson(now)}`;
    }
    // What tidies up after the first difference says nothing new.
    if (this.tidied(call) === undefined) this.#options.onMismatch(`${file}: ${message}`);
    this.#differs = true;
    return new PortholeError('conflict', 'REPLAY_MISMATCH', `${file}: ${message}`, {
      hint: this.#isHeld(args)
        ? 'the container ran when the recording began, under a monitor that was not recorded: record it from its start, or when it has ended'
        : 'the command, its files or porthole itself changed since the recording was made',
    });
  }

  #isHeld(args: unknown): boolean {
    const text = JSON.stringify(args);
    return this.#options.held?.some((id) => text.includes(id)) === true;
  }
}

const undoing = /^(?:delete|detach|remove|unmount|cleanup|sweep|terminate|close)/;

const actions = new Set<string>(
  [
    ...Object.entries(systemMethods).map(([name, kind]) => [`system.${name}`, kind] as const),
    ...Object.entries(processMethods).map(([name, kind]) => [`process.${name}`, kind] as const),
  ]
    .filter(([, kind]) => kind === 'value' || kind === 'process')
    .map(([name]) => name),
);

function isAction(call: string): boolean {
  return actions.has(call);
}
