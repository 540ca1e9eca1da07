/** A registry hive with a root key and nothing else: one base block and one bin (windows-layers.md 7.8). */
export function minimalHive(rootKeyName: string): Buffer {
  const base = Buffer.alloc(4096);
  base.write('regf', 0, 'latin1');
  base.writeUInt32LE(1, 4);
  base.writeUInt32LE(1, 8);
  base.writeUInt32LE(1, 20);
  base.writeUInt32LE(5, 24);
  base.writeUInt32LE(1, 32);
  base.writeUInt32LE(32, 36);
  base.writeUInt32LE(4096, 40);
  base.writeUInt32LE(1, 44);
  let checksum = 0;
  for (let at = 0; at < 508; at += 4) checksum = (checksum ^ base.readUInt32LE(at)) >>> 0;
  base.writeUInt32LE(checksum, 508);

  const bin = Buffer.alloc(4096);
  bin.write('hbin', 0, 'latin1');
  bin.writeUInt32LE(4096, 8);
  const nameBytes = Buffer.from(rootKeyName, 'latin1');
  const keySize = Math.ceil((4 + 76 + nameBytes.length) / 8) * 8;
  const key = 32;
  bin.writeInt32LE(-keySize, key);
  bin.write('nk', key + 4, 'latin1');
  bin.writeUInt16LE(0x2c, key + 6);
  for (const [offset, value] of [
    [20, 0xffff_ffff],
    [32, 0xffff_ffff],
    [36, 0xffff_ffff],
    [44, 0xffff_ffff],
    [48, 32 + keySize],
    [52, 0xffff_ffff],
  ] as const)
    bin.writeUInt32LE(value, key + 4 + offset);
  bin.writeUInt16LE(nameBytes.length, key + 4 + 72);
  nameBytes.copy(bin, key + 4 + 76);

  const descriptor = Buffer.from(
    'AQAAgBQAAAAkAAAAAAAAAAAAAAABAgAAAAAABSAAAAAgAgAAAQIAAAAAAAUgAAAAIAIAAA==',
    'base64',
  );
  const security = key + keySize;
  const securitySize = Math.ceil((4 + 20 + descriptor.length) / 8) * 8;
  bin.writeInt32LE(-securitySize, security);
  bin.write('sk', security + 4, 'latin1');
  bin.writeUInt32LE(security, security + 8);
  bin.writeUInt32LE(security, security + 12);
  bin.writeUInt32LE(1, security + 16);
  bin.writeUInt32LE(descriptor.length, security + 20);
  descriptor.copy(bin, security + 24);
  const free = security + securitySize;
  bin.writeInt32LE(4096 - free, free);
  return Buffer.concat([base, bin]);
}
