/** HNS writes GUIDs without braces, upper-case on some builds and lower-case on others: compare with `sameGuid`. */
export function sameGuid(a: string | undefined, b: string | undefined): boolean {
  return a !== undefined && b !== undefined && a.toLowerCase() === b.toLowerCase();
}

/** A GUID (version 4, upper-case) from at least 32 random hex digits such as `Environment.newId()` gives. */
export function guidFromHex(hex: string): string {
  const h = hex.toUpperCase();
  const variant = '89AB'[Number.parseInt(h[16] ?? '0', 16) % 4] ?? '8';
  return `${h.slice(0, 8)}-${h.slice(8, 12)}-4${h.slice(13, 16)}-${variant}${h.slice(17, 20)}-${h.slice(20, 32)}`;
}
