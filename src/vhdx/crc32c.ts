const table = new Uint32Array(256);
for (let n = 0; n < 256; n += 1) {
  let value = n;
  for (let bit = 0; bit < 8; bit += 1) value = (value & 1) === 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  table[n] = value >>> 0;
}

/** CRC-32C (Castagnoli), as VHDX uses it: `"123456789"` gives 0xE3069283. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (let i = 0; i < bytes.length; i += 1) crc = (crc >>> 8) ^ table[(crc ^ bytes[i]!) & 0xff]!;
  return (crc ^ 0xffff_ffff) >>> 0;
}

/** Checksum of a structure whose checksum field is the four bytes at `field`. */
export function structureChecksum(structure: Buffer, field = 4): number {
  const copy = Buffer.from(structure);
  copy.writeUInt32LE(0, field);
  return crc32c(copy);
}
