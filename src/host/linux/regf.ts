/**
 * Reads the values of keys out of a registry hive in Windows' own binary format, as the `Hives/` folder of Microsoft's base layers
 * holds it (windows-layers.md 7.8): cells of `nk` keys, `vk` values and `lf`/`lh`/`li`/`ri` lists. Pure; damaged files give
 * undefined.
 */
const firstCell = 4096;
const noCell = 0xffffffff;

export interface RegfValue {
  /** REG_SZ 1, REG_EXPAND_SZ 2, REG_DWORD 4... */
  readonly type: number;
  readonly data: Buffer;
}

/** Values of a key by name, in their order. `path` with single backslashes, without the root's name, in any case. */
export function readRegfValues(hive: Buffer, path: string): Map<string, RegfValue> | undefined {
  if (hive.length < firstCell + 32 || hive.toString('latin1', 0, 4) !== 'regf') return undefined;
  try {
    const reader = new RegfReader(hive);
    let key: number | undefined = hive.readUInt32LE(36);
    for (const part of path.split('\\')) {
      if (key === undefined) return undefined;
      key = reader.subkey(key, part);
    }
    return key === undefined ? undefined : reader.values(key);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Text of a REG_SZ or REG_EXPAND_SZ value. */
export function regfText(value: RegfValue | undefined): string | undefined {
  if (value === undefined || (value.type !== 1 && value.type !== 2)) return undefined;
  return value.data.toString('utf16le').replace(/\0.*$/s, '');
}

export function regfNumber(value: RegfValue | undefined): number | undefined {
  return value?.type === 4 && value.data.length >= 4 ? value.data.readUInt32LE(0) : undefined;
}

class RegfReader {
  readonly #hive: Buffer;

  constructor(hive: Buffer) {
    this.#hive = hive;
  }

  /** The cell's content behind its size. */
  #cell(offset: number): Buffer {
    const at = firstCell + offset;
    const size = Math.abs(this.#hive.readInt32LE(at));
    if (size < 8 || at + size > this.#hive.length) throw new RangeError('cell');
    return this.#hive.subarray(at + 4, at + size);
  }

  subkey(key: number, name: string): number | undefined {
    const cell = this.#cell(key);
    if (cell.toString('latin1', 0, 2) !== 'nk' || cell.readUInt32LE(20) === 0) return undefined;
    return this.#find(cell.readUInt32LE(28), name.toUpperCase(), 0);
  }

  #find(list: number, wanted: string, depth: number): number | undefined {
    const cell = this.#cell(list);
    const kind = cell.toString('latin1', 0, 2);
    const count = cell.readUInt16LE(2);
    const step = kind === 'lf' || kind === 'lh' ? 8 : 4;
    for (let index = 0; index < count; index += 1) {
      const offset = cell.readUInt32LE(4 + index * step);
      if (kind === 'ri') {
        const found = depth < 4 ? this.#find(offset, wanted, depth + 1) : undefined;
        if (found !== undefined) return found;
      } else if (this.#name(this.#cell(offset), 72, 76, 0x20).toUpperCase() === wanted) return offset;
    }
    return undefined;
  }

  values(key: number): Map<string, RegfValue> {
    const cell = this.#cell(key);
    const values = new Map<string, RegfValue>();
    const count = cell.readUInt32LE(36);
    const list = cell.readUInt32LE(40);
    if (count === 0 || list === noCell) return values;
    const offsets = this.#cell(list);
    for (let index = 0; index < count; index += 1) {
      const value = this.#cell(offsets.readUInt32LE(index * 4));
      if (value.toString('latin1', 0, 2) === 'vk') values.set(this.#valueName(value), this.#content(value));
    }
    return values;
  }

  #valueName(cell: Buffer): string {
    const length = cell.readUInt16LE(2);
    return (cell.readUInt16LE(16) & 1) === 1
      ? cell.toString('latin1', 20, 20 + length)
      : cell.toString('utf16le', 20, 20 + length);
  }

  /** `lengthAt` and `nameAt` in the cell; the flag at 2 tells one byte a character from two. */
  #name(cell: Buffer, lengthAt: number, nameAt: number, flag: number): string {
    const length = cell.readUInt16LE(lengthAt);
    return (cell.readUInt16LE(2) & flag) === flag
      ? cell.toString('latin1', nameAt, nameAt + length)
      : cell.toString('utf16le', nameAt, nameAt + length);
  }

  /** Up to four bytes are kept in the offset field itself; the highest bit of the length says so. */
  #content(cell: Buffer): RegfValue {
    const size = cell.readUInt32LE(4);
    const length = size & 0x7fffffff;
    const type = cell.readUInt32LE(12);
    if (size >= 0x80000000) return { type, data: cell.subarray(8, 8 + Math.min(4, length)) };
    return { type, data: this.#cell(cell.readUInt32LE(8)).subarray(0, length) };
  }
}
