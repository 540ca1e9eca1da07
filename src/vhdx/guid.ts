import { createHash } from 'node:crypto';

const pattern = /^\{?([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})\}?$/i;

/** Sixteen bytes as Windows stores a GUID: the first three groups little endian. Braces are allowed. */
export function guidBytes(guid: string): Buffer {
  const match = pattern.exec(guid);
  if (match === null) throw new TypeError(`not a GUID: ${guid}`);
  const bytes = Buffer.from(match.slice(1).join(''), 'hex');
  bytes.subarray(0, 4).reverse();
  bytes.subarray(4, 6).reverse();
  bytes.subarray(6, 8).reverse();
  return bytes;
}

/** Lower case, without braces. */
export function guidText(bytes: Uint8Array): string {
  const copy = Buffer.from(bytes.subarray(0, 16));
  copy.subarray(0, 4).reverse();
  copy.subarray(4, 6).reverse();
  copy.subarray(6, 8).reverse();
  const hex = copy.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** True for two texts of one GUID: braces and case do not count. */
export function sameGuid(a: string, b: string): boolean {
  return pattern.test(a) && pattern.test(b) && guidBytes(a).equals(guidBytes(b));
}

/** A name-based GUID (RFC 4122 version 5) in Porthole's own namespace: the same name gives the same GUID. */
export function guidOfName(name: string): string {
  const bytes = createHash('sha1').update('porthole\0').update(name).digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x50;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

export const nilGuid = '00000000-0000-0000-0000-000000000000';
