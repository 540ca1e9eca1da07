/** `docker events` lines (`system/events.go`; docker-cli.md 2.6). */
import type { EventMessage } from '../../api/types/index.ts';
import { formatTime, inZone, rfc3339NanoFixedLayout, utc } from '../../text/go-time.ts';
import type { ZoneLookup } from '../../text/go-time.ts';
import { parseTemplate, TemplateError, typedValue } from '../../text/template.ts';
import { JsonNumber } from '../../text/template/decode.ts';
import { CliError } from '../cli-error.ts';
import { objectTypes } from '../go-types/objects.ts';

/**
 * Nanoseconds don't fit a double: engines on a connection keep the digits as they came, and of a number only the microseconds
 * are true.
 */
function exactNanoseconds(value: number | JsonNumber): bigint {
  if (value instanceof JsonNumber) return BigInt(value.source);
  return Number.isSafeInteger(value) ? BigInt(value) : BigInt(Math.round(value / 1000)) * 1000n;
}

function plainLine(event: EventMessage, zone: ZoneLookup): string {
  const { time, timeNano, Type: type, Action: action, Actor: actor } = event;
  const nanoseconds = timeNano ? exactNanoseconds(timeNano) : BigInt(time) * 1_000_000_000n;
  const stamp = formatTime(inZone({ nanoseconds, zone: utc(0) }, zone), rfc3339NanoFixedLayout);
  const attributes = Object.keys(actor.Attributes ?? {})
    .sort()
    .map((key) => `${key}=${actor.Attributes[key] ?? ''}`);
  const tail = attributes.length > 0 ? ` (${attributes.join(', ')})` : '';
  return `${stamp} ${type} ${action} ${actor.ID}${tail}`;
}

/** A function from event to line. `json` is a template like any other; a bad template is exit code 64. */
export function eventLines(format: string, zone: ZoneLookup): (event: EventMessage) => string {
  if (format === '') return (event) => plainLine(event, zone);
  try {
    const template = parseTemplate(format === 'json' ? '{{json .}}' : format);
    const type = { kind: 'ptr', elem: objectTypes()['events.Message']! } as const;
    // Docker tries the template on an empty event before it asks for any.
    template.execute(typedValue({ Actor: {} }, type));
    return (event) => {
      const { timeNano } = event;
      const exact = timeNano ? { timeNano: exactNanoseconds(timeNano) } : {};
      return template.execute(typedValue({ ...event, ...exact }, type));
    };
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    throw new CliError(`Error parsing format: ${error.message}`, {
      exitCode: 64,
      code: 'TEMPLATE',
      cause: error,
    });
  }
}
