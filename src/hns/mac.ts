/** MAC addresses: HNS writes `00-15-5D-AB-58-C6`, Docker `00:15:5d:ab:58:c6`. */
export interface MacPool {
  readonly StartMacAddress: string;
  readonly EndMacAddress: string;
}

const grammar = /^([0-9a-f]{2}[:-]){5}[0-9a-f]{2}$/i;

export function isMac(text: string): boolean {
  return grammar.test(text);
}

export function hnsMac(text: string): string {
  return text.replaceAll(':', '-').toUpperCase();
}

export function dockerMac(text: string): string {
  return text.replaceAll('-', ':').toLowerCase();
}

/** 4096 addresses below Microsoft's OUI, as HNS makes them: `00-15-5D-ab-c0-00` ... `00-15-5D-ab-cF-FF`. */
export function randomMacPool(random: () => number): MacPool {
  const digits = Math.floor(random() * 0x1000)
    .toString(16)
    .padStart(3, '0')
    .toUpperCase();
  const head = `00-15-5D-${digits.slice(0, 2)}-${digits.slice(2)}`;
  return { StartMacAddress: `${head}0-00`, EndMacAddress: `${head}F-FF` };
}

/** A free address of the pools; undefined when all are taken. `taken` holds HNS spellings. */
export function macFromPools(
  pools: readonly MacPool[],
  taken: ReadonlySet<string>,
  random: () => number,
): string | undefined {
  for (const pool of pools) {
    const start = toNumber(pool.StartMacAddress);
    const count = toNumber(pool.EndMacAddress) - start + 1;
    if (!(count > 0)) continue;
    const first = Math.floor(random() * count);
    for (let step = 0; step < Math.min(count, 65_536); step += 1) {
      const mac = fromNumber(start + ((first + step) % count));
      if (!taken.has(mac)) return mac;
    }
  }
  return undefined;
}

function toNumber(mac: string): number {
  return Number.parseInt(mac.replaceAll(/[:-]/g, ''), 16);
}

function fromNumber(value: number): string {
  const hex = value.toString(16).padStart(12, '0').toUpperCase();
  return hex.match(/../g)!.join('-');
}
