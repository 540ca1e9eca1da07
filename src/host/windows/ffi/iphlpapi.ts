/** iphlpapi.dll: the IPv4 routes of the host. The table is copied into our own buffer; nothing is to be freed. */
import { defineLibrary } from './library.ts';
import type { HostRoute } from '../../ports/host-facts.ts';

const api = defineLibrary('iphlpapi.dll', {
  GetIpForwardTable: {
    proto: 'uint32_t __stdcall GetIpForwardTable(void *table, _Inout_ uint32_t *size, int32_t order)',
    mode: 'async',
  },
});

const insufficientBuffer = 122;
const rowBytes = 56;

/** Undefined when Windows gives none. */
export async function routes(): Promise<HostRoute[] | undefined> {
  const size: [number] = [16_384];
  for (let attempt = 0; attempt < 4; attempt += 1) {
    const table = Buffer.alloc(size[0]);
    const code = Number(await api.call('GetIpForwardTable', table, size, 1));
    if (code === 0) return decodeRoutes(table);
    if (code !== insufficientBuffer) return undefined;
  }
  return undefined;
}

/** MIB_IPFORWARDTABLE: a count, then rows of fourteen numbers; addresses in network order. */
export function decodeRoutes(table: Buffer): HostRoute[] {
  const count = Math.min(table.readUInt32LE(0), Math.floor((table.length - 4) / rowBytes));
  return Array.from({ length: count }, (_, index) => {
    const at = 4 + index * rowBytes;
    return {
      destination: `${address(table, at)}/${prefixLength(table, at + 4)}`,
      gateway: address(table, at + 12),
      interfaceIndex: table.readUInt32LE(at + 16),
      metric: table.readUInt32LE(at + 36),
    };
  });
}

const address = (table: Buffer, at: number): string => [...table.subarray(at, at + 4)].join('.');

function prefixLength(table: Buffer, at: number): number {
  let bits = 0;
  for (let mask = table.readUInt32BE(at); mask !== 0; mask = (mask << 1) >>> 0) bits += 1;
  return bits;
}
