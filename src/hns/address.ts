/** IPv4 arithmetic on unsigned 32-bit numbers. Texts that are no address or prefix give undefined; nothing throws. */
export interface Prefix {
  /** Address as written, host bits included. */
  readonly address: number;
  readonly length: number;
}

export function parseIPv4(text: string): number | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return undefined;
  let value = 0;
  for (const part of match.slice(1)) {
    const byte = Number(part);
    if (byte > 255 || (part.length > 1 && part.startsWith('0'))) return undefined;
    value = value * 256 + byte;
  }
  return value;
}

export function formatIPv4(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');
}

export function parsePrefix(text: string): Prefix | undefined {
  const at = text.indexOf('/');
  if (at < 0) return undefined;
  const address = parseIPv4(text.slice(0, at));
  const lengthText = text.slice(at + 1);
  if (address === undefined || !/^\d{1,2}$/.test(lengthText)) return undefined;
  const length = Number(lengthText);
  return length > 32 ? undefined : { address, length };
}

export function formatPrefix(prefix: Prefix): string {
  return `${formatIPv4(prefix.address)}/${prefix.length}`;
}

/** Host bits cleared. */
export function masked(prefix: Prefix): Prefix {
  return { address: networkAddress(prefix), length: prefix.length };
}

export function networkAddress({ address, length }: Prefix): number {
  return length === 0 ? 0 : (address & (0xffffffff << (32 - length))) >>> 0;
}

export function broadcastAddress(prefix: Prefix): number {
  return networkAddress(prefix) + sizeOf(prefix) - 1;
}

export function sizeOf({ length }: Prefix): number {
  return 2 ** (32 - length);
}

export function contains(prefix: Prefix, address: number): boolean {
  return address >= networkAddress(prefix) && address <= broadcastAddress(prefix);
}

export function overlaps(a: Prefix, b: Prefix): boolean {
  return networkAddress(a) <= broadcastAddress(b) && networkAddress(b) <= broadcastAddress(a);
}

/** Loose test for IPv6 addresses and prefixes, to tell families apart; not a validation. */
export function looksLikeIPv6(text: string): boolean {
  return text.includes(':') && /^[0-9a-f:.]+(%\w+)?(\/\d+)?$/i.test(text);
}
