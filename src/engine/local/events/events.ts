import { closeSync, mkdirSync, openSync, readSync, watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { join } from 'node:path';
import type { EventMessage } from '../../../api/types/index.ts';
import type { Environment } from '../../../environment.ts';
import { PortholeError } from '../../../errors/porthole-error.ts';
import { errorCode, listNames } from '../../../state/atomic-file.ts';
import { eventFile } from '../../../state/event-log.ts';
import type { DataPaths } from '../../../state/paths.ts';
import type { CallOptions, Filters } from '../../roles/index.ts';
import { parseLogTime } from '../containers/log-records.ts';
import { eventFilter } from './event-filters.ts';

export interface EventDeps {
  readonly environment: Pick<Environment, 'now'>;
  readonly paths: DataPaths;
}

export interface EventOptions extends CallOptions {
  readonly since?: string;
  readonly until?: string;
  readonly filters?: Filters;
}

const piece = 64 * 1024;

/**
 * The role's `events`: what was appended since `since` (without it: nothing of the past), then what comes, until `until` or
 * the signal. Any process appends, one line an event; the files of the days are read in order and followed.
 */
export async function* readEvents(deps: EventDeps, options: EventOptions = {}): AsyncGenerator<EventMessage> {
  const { paths, environment } = deps;
  const started = environment.now();
  const since = parseLogTime('since', options.since ?? '', started);
  // Unlike in logs, a zero here is a time: that of 1970.
  const until = options.until === '0' ? 0 : parseLogTime('until', options.until ?? '', started);
  if (since !== undefined && until !== undefined && since > until) {
    throw new PortholeError(
      'invalid',
      'EVENT_TIMES',
      `\`since\` time (${options.since ?? ''}) cannot be after \`until\` time (${options.until ?? ''})`,
    );
  }
  const wanted = eventFilter(options.filters ?? {});
  mkdirSync(paths.events, { recursive: true, mode: 0o700 });
  const changes = new Changes(
    paths.events,
    until === undefined ? undefined : until - started,
    options.signal,
  );
  const reader = new EventReader(paths.events, since ?? started, since === undefined);
  try {
    for (;;) {
      for (const event of reader.read(environment.now())) {
        const at = event.timeNano / 1e6;
        if (since !== undefined && at < since) continue;
        if (until !== undefined && at > until) return;
        if (wanted(event)) yield event;
      }
      if (options.signal?.aborted === true || (until !== undefined && environment.now() >= until)) return;
      await changes.next();
    }
  } finally {
    changes.close();
    reader.close();
  }
}

/** Reads the day files from one point on. */
class EventReader {
  readonly #folder: string;
  #file: string;
  #descriptor: number | undefined;
  #offset = 0;
  #skipPast: boolean;
  #carry = '';

  constructor(folder: string, from: number, skipPast: boolean) {
    this.#folder = folder;
    this.#file = eventFile(folder, from);
    this.#skipPast = skipPast;
    this.#open();
  }

  read(now: number): EventMessage[] {
    const events: EventMessage[] = [];
    for (;;) {
      this.#readFile(events);
      const next = this.#nextFile(now);
      if (next === undefined) return events;
      this.close();
      this.#file = next;
      this.#carry = '';
      this.#offset = 0;
      this.#open();
    }
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  #open(): void {
    try {
      this.#descriptor = openSync(this.#file, 'r');
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error;
      // Whatever this file will hold is new.
      this.#skipPast = false;
      return;
    }
    if (!this.#skipPast) return;
    this.#skipPast = false;
    const buffer = Buffer.allocUnsafe(piece);
    for (let length = 1; length > 0; this.#offset += length) {
      length = readSync(this.#descriptor, buffer, 0, piece, this.#offset);
    }
  }

  #readFile(events: EventMessage[]): void {
    if (this.#descriptor === undefined) this.#open();
    if (this.#descriptor === undefined) return;
    const buffer = Buffer.allocUnsafe(piece);
    for (;;) {
      const length = readSync(this.#descriptor, buffer, 0, piece, this.#offset);
      if (length === 0) return;
      this.#offset += length;
      const lines = (this.#carry + buffer.toString('utf8', 0, length)).split('\n');
      this.#carry = lines.pop()!;
      for (const line of lines) {
        try {
          events.push(JSON.parse(line) as EventMessage);
        } catch {
          // A line that a full disk cut off.
        }
      }
    }
  }

  /** The next day's file, if this one's day is over. */
  #nextFile(now: number): string | undefined {
    if (eventFile(this.#folder, now) === this.#file) return undefined;
    return listNames(this.#folder)
      .filter((name) => name.endsWith('.ndjson'))
      .map((name) => join(this.#folder, name))
      .sort()
      .find((path) => path > this.#file);
  }
}

/** Wakes the reader: on a change of the folder, at the latest every second (network file systems), and at the end. */
class Changes {
  readonly #watcher: FSWatcher | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #end: number | undefined;
  #wake: () => void = () => undefined;
  #changed = false;

  constructor(folder: string, endInMs: number | undefined, signal: AbortSignal | undefined) {
    this.#signal = signal;
    this.#end = endInMs === undefined ? undefined : performance.now() + endInMs;
    signal?.addEventListener('abort', this.#notify);
    try {
      this.#watcher = watch(folder, this.#notify).on('error', () => undefined);
    } catch {
      this.#watcher = undefined;
    }
  }

  readonly #notify = (): void => {
    this.#changed = true;
    this.#wake();
  };

  async next(): Promise<void> {
    if (!this.#changed) {
      const left = this.#end === undefined ? Infinity : this.#end - performance.now();
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        timer = setTimeout(resolve, Math.max(1, Math.min(left, this.#watcher === undefined ? 250 : 1000)));
      });
      clearTimeout(timer);
    }
    this.#changed = false;
  }

  close(): void {
    this.#watcher?.close();
    this.#signal?.removeEventListener('abort', this.#notify);
  }
}
