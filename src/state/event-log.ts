import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { EventMessage } from '../api/types/index.ts';
import { errorCode } from './atomic-file.ts';

/** Longest line that one append writes whole on every system (codebases.md 5.11). */
const longestLine = 4096;

export interface EventInput {
  readonly type: 'container' | 'image' | 'network' | 'volume' | 'builder' | 'daemon';
  readonly action: string;
  readonly id: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** File of one UTC day. */
export function eventFile(folder: string, now: number): string {
  return join(folder, `${new Date(now).toISOString().slice(0, 10)}.ndjson`);
}

/** Docker's event message; the legacy fields only where Docker has them (engine-api.md 5.3). */
export function eventMessage(event: EventInput, now: number): EventMessage {
  const legacy =
    event.type === 'container' || event.type === 'image'
      ? {
          status: event.action,
          id: event.id,
          ...(event.attributes['image'] === undefined ? {} : { from: event.attributes['image'] }),
        }
      : {};
  return {
    ...legacy,
    Type: event.type,
    Action: event.action,
    Actor: { ID: event.id, Attributes: { ...event.attributes } },
    scope: 'local',
    time: Math.floor(now / 1000),
    timeNano: Math.round(now * 1e6),
  };
}

/**
 * Appends one event as a line; several processes may do so at once. An event is news, not state: a full disk or a missing
 * permission loses it silently rather than failing the operation that it tells of.
 */
export function appendEvent(folder: string, event: EventInput, now: number): void {
  const path = eventFile(folder, now);
  const line = eventLine(event, now);
  try {
    appendFileSync(path, line, { mode: 0o600 });
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') return;
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      appendFileSync(path, line, { mode: 0o600 });
    } catch {
      return;
    }
  }
}

/** Labels are dropped, largest first, from a message that would not fit one append. */
function eventLine(event: EventInput, now: number): string {
  const attributes: Record<string, string> = { ...event.attributes };
  for (;;) {
    const line = `${JSON.stringify(eventMessage({ ...event, attributes }, now))}\n`;
    if (Buffer.byteLength(line) <= longestLine) return line;
    const [largest] = Object.keys(attributes)
      .filter((key) => key !== 'image' && key !== 'name')
      .sort((a, b) => attributes[b]!.length - attributes[a]!.length);
    if (largest === undefined) return line;
    delete attributes[largest];
  }
}
