/** GUID text (with or without braces, any case) <-> the 16 bytes of Windows' GUID structure: the first three fields little-endian. */
export function guidBytes(text: string): Buffer {
  const match = /^\{?([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})\}?$/i.exec(text);
  if (match === null) throw new TypeError(`not a GUID: ${text}`);
  const [, data1, data2, data3, data4, node] = match as unknown as [
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  const bytes = Buffer.alloc(16);
  bytes.writeUInt32LE(Number.parseInt(data1, 16), 0);
  bytes.writeUInt16LE(Number.parseInt(data2, 16), 4);
  bytes.writeUInt16LE(Number.parseInt(data3, 16), 6);
  Buffer.from(data4 + node, 'hex').copy(bytes, 8);
  return bytes;
}

/** Lower case, without braces. */
export function guidText(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, 16);
  const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');
  return [
    hex(buffer.readUInt32LE(0), 8),
    hex(buffer.readUInt16LE(4), 4),
    hex(buffer.readUInt16LE(6), 4),
    buffer.toString('hex', 8, 10),
    buffer.toString('hex', 10, 16),
  ].join('-');
}
