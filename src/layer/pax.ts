import { isUtf8 } from 'node:buffer';
import { LayerError } from './layer-error.ts';
import type { PaxTime } from './metadata.ts';

const nonAscii = /[^\x00-\x7f]/;
const canonicalTime = /^(?:0|[1-9]\d{0,17})(?:\.\d{0,8}[1-9])?$/;
const paxTime = /^(-?)(\d{1,18})(?:\.(\d*))?$/;

export interface PaxRecords {
  readonly values: Map<string, string>;
  /** Bytes of the values that are no UTF-8; `values` has their lossy text. */
  readonly raw: Map<string, Buffer> | undefined;
}

/**
 * PAX records of one `x` header: `"<length> <key>=<value>\n"`, the length counting itself, in bytes. Strict as Go's
 * reader, which Docker uses: a bad length, a missing newline, an empty key or a NUL in a name is an invalid header.
 */
export function parsePaxRecords(payload: Buffer): PaxRecords {
  const values = new Map<string, string>();
  let raw: Map<string, Buffer> | undefined;
  const text = payload.toString('latin1');
  const mayBeRaw = nonAscii.test(text);
  for (let at = 0; at < text.length;) {
    const space = text.indexOf(' ', at);
    if (space < 0 || space === at || space - at > 8) throw invalidRecord();
    let length = 0;
    for (let i = at; i < space; i += 1) {
      const digit = text.charCodeAt(i) - 48;
      if (digit < 0 || digit > 9) throw invalidRecord();
      length = length * 10 + digit;
    }
    const end = at + length;
    if (length < 5 || end > text.length || text.charCodeAt(end - 1) !== 10) throw invalidRecord();
    const equals = text.indexOf('=', space);
    if (equals < 0 || equals >= end - 1 || equals === space + 1) throw invalidRecord();
    const key = text.slice(space + 1, equals);
    // A slice keeps the whole payload alive, and names are kept for as long as their layer is unpacked.
    let value =
      key === 'path' ? payload.toString('latin1', equals + 1, end - 1) : text.slice(equals + 1, end - 1);
    if (key.includes('\0') || ((key === 'path' || key === 'linkpath') && value.includes('\0')))
      throw invalidRecord();
    if (mayBeRaw && nonAscii.test(value)) {
      const bytes = Buffer.from(value, 'latin1');
      value = bytes.toString('utf8');
      if (!isUtf8(bytes)) (raw ??= new Map()).set(key, bytes);
    }
    values.set(key, value);
    at = end;
  }
  return { values, raw };
}

/** Payload of an `x` header: records in code-unit order of their keys, as Go writes them. */
export function formatPaxRecords(records: ReadonlyMap<string, string>): Buffer {
  let text = '';
  for (const key of [...records.keys()].sort()) text += formatPaxRecord(key, records.get(key)!);
  return Buffer.from(text, 'utf8');
}

function formatPaxRecord(key: string, value: string): string {
  const body = ` ${key}=${value}\n`;
  const bodyLength = nonAscii.test(body) ? Buffer.byteLength(body, 'utf8') : body.length;
  let length = bodyLength + String(bodyLength).length;
  if (String(length).length !== String(bodyLength).length) length = bodyLength + String(length).length;
  return `${length}${body}`;
}

/** `1700000000.500` -> `1700000000.5`: at most nine fraction digits, no trailing zeros. Undefined when it is no PAX time. */
export function normalizePaxTime(text: string): PaxTime | undefined {
  if (canonicalTime.test(text)) return text;
  const match = paxTime.exec(text);
  if (match === null) return undefined;
  const seconds = match[2]!.replace(/^0+(?=\d)/, '');
  const fraction = (match[3] ?? '').slice(0, 9).replace(/0+$/, '');
  const sign = match[1]! !== '' && (seconds !== '0' || fraction !== '') ? '-' : '';
  return fraction === '' ? `${sign}${seconds}` : `${sign}${seconds}.${fraction}`;
}

/** PAX time of milliseconds (or fractions of them) since the epoch, to 100 ns: NTFS keeps no more. */
export function paxTimeOfMilliseconds(milliseconds: number): PaxTime {
  return paxTimeOfNanoseconds(BigInt(Math.round(milliseconds * 10_000)) * 100n);
}

/** PAX time of nanoseconds since the epoch, cut to 100 ns: NTFS keeps no more. */
export function paxTimeOfNanoseconds(nanoseconds: bigint): PaxTime {
  const ticks = nanoseconds / 100n;
  const magnitude = ticks < 0n ? -ticks : ticks;
  const fraction = String(magnitude % 10_000_000n).padStart(7, '0');
  return normalizePaxTime(`${ticks < 0n ? '-' : ''}${magnitude / 10_000_000n}.${fraction}`) ?? '0';
}

/** Seconds since the epoch as a number, good to about a microsecond: for file times of this host. */
export function secondsOfPaxTime(time: PaxTime): number {
  return Number(time);
}

function invalidRecord(): LayerError {
  return new LayerError('LAYER_TAR_INVALID', 'archive/tar: invalid tar header', {
    hint: 'a PAX record of the layer is malformed',
  });
}
