/**
 * Inflates bzip2: blocks of move-to-front and Huffman coded Burrows-Wheeler output, each with a CRC (the format as its
 * reference implementation writes it). Written for bounded memory: a block of 46 bytes may mean 46 MB, which leave in pieces.
 */

const pieceBytes = 1 << 20;
const blockMagic = [0x314159, 0x265359] as const;
const endMagic = [0x177245, 0x385090] as const;
const maxCodeBits = 20;
const groupSymbols = 50;
const maxSelectors = 18_002;
const runA = 0;
const runB = 1;

/** The longest a block's compressed form can be, in bytes: every symbol of 20 bits, and its tables. */
const blockInputBytes = (blockSize: number): number => Math.ceil((blockSize * maxCodeBits) / 8) + (64 << 10);

/**
 * The content of one or several bzip2 streams in a row. Throws an Error that says what is wrong with damaged input, input that
 * ends early, and the random blocks of versions before 0.9.5. A piece of `source` may be reused once the next is asked for.
 */
export async function* inflateBzip2(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer, void> {
  const bits = new BitReader(source);
  do {
    await bits.require(4);
    const size = readHeader(bits);
    let checksum = 0;
    for (;;) {
      await bits.require(blockInputBytes(size));
      const magic = [bits.take(24), bits.take(24)];
      if (isMagic(magic, endMagic)) break;
      if (!isMagic(magic, blockMagic)) throw new Error('bzip2: damaged block header');
      const wanted = bits.word();
      const expansion = new Expansion(readBlock(bits, size));
      for (;;) {
        const piece = Buffer.allocUnsafeSlow(pieceBytes);
        const filled = expansion.fill(piece);
        if (filled > 0) yield piece.subarray(0, filled);
        if (filled < pieceBytes) break;
      }
      const found = expansion.checksum;
      if (found !== wanted) throw new Error('bzip2: wrong checksum of a block');
      checksum = (((checksum << 1) | (checksum >>> 31)) ^ found) >>> 0;
    }
    if (bits.word() !== checksum) throw new Error('bzip2: wrong checksum');
    bits.align();
  } while (await bits.require(1));
}

function isMagic(found: readonly number[], magic: readonly [number, number]): boolean {
  return found[0] === magic[0] && found[1] === magic[1];
}

/** Gives the block size in bytes. */
function readHeader(bits: BitReader): number {
  const magic = bits.take(24);
  const level = bits.take(8) - 0x30;
  if (magic !== 0x425a68 || level < 1 || level > 9) throw new Error('bzip2: bad magic number');
  return level * 100_000;
}

interface Block {
  /** For each place of the sorted text: its byte, and from bit 8 on the place that follows. */
  readonly links: Uint32Array;
  readonly length: number;
  readonly start: number;
}

function readBlock(bits: BitReader, size: number): Block {
  if (bits.take(1) === 1) throw new Error('bzip2: randomised blocks are not supported');
  const start = bits.take(24);
  const bytes = readUsedBytes(bits);
  const groups = bits.take(3);
  if (groups < 2 || groups > 6) throw new Error('bzip2: damaged tables');
  const selectors = readSelectors(bits, groups);
  const tables = Array.from({ length: groups }, () => new HuffmanTable(readLengths(bits, bytes.length + 2)));
  const links = new Uint32Array(size);
  const counts = new Uint32Array(256);
  const length = readSymbols(bits, { bytes, selectors, tables }, links, counts);
  if (start >= length) throw new Error('bzip2: damaged block');
  linkUp(links, counts, length);
  return { links, length, start };
}

/** Which byte values the block has, as two levels of bit fields. */
function readUsedBytes(bits: BitReader): Uint8Array {
  const used: number[] = [];
  const ranges = bits.take(16);
  for (let range = 0; range < 16; range += 1) {
    if ((ranges & (0x8000 >> range)) === 0) continue;
    const values = bits.take(16);
    for (let value = 0; value < 16; value += 1)
      if ((values & (0x8000 >> value)) !== 0) used.push(range * 16 + value);
  }
  if (used.length === 0) throw new Error('bzip2: damaged tables');
  return Uint8Array.from(used);
}

/** Which table each group of 50 symbols uses. */
function readSelectors(bits: BitReader, groups: number): Uint8Array {
  const count = bits.take(15);
  if (count === 0) throw new Error('bzip2: damaged tables');
  const order = Uint8Array.from({ length: groups }, (_, at) => at);
  const selectors = new Uint8Array(Math.min(count, maxSelectors));
  for (let at = 0; at < count; at += 1) {
    let index = 0;
    while (bits.take(1) === 1) {
      index += 1;
      if (index >= groups) throw new Error('bzip2: damaged tables');
    }
    // Some writers pad the list; what no block can use is read and forgotten, as the reference implementation does.
    const chosen = toFront(order, index);
    if (at < maxSelectors) selectors[at] = chosen;
  }
  return selectors;
}

function readLengths(bits: BitReader, symbols: number): Uint8Array {
  const lengths = new Uint8Array(symbols);
  let length = bits.take(5);
  for (let symbol = 0; symbol < symbols; symbol += 1) {
    for (;;) {
      if (length < 1 || length > maxCodeBits) throw new Error('bzip2: damaged tables');
      if (bits.take(1) === 0) break;
      length += bits.take(1) === 0 ? 1 : -1;
    }
    lengths[symbol] = length;
  }
  return lengths;
}

/** A canonical code: codes of one length follow each other, in the order of their symbols. */
class HuffmanTable {
  readonly #shortest: number;
  readonly #longest: number;
  /** By length: one more than its last code, with all bits of the longest code. */
  readonly #limits = new Uint32Array(maxCodeBits + 1);
  /** By length: what to take from a code for its place in `#symbols`. */
  readonly #offsets = new Int32Array(maxCodeBits + 1);
  readonly #symbols: Uint16Array;

  constructor(lengths: Uint8Array) {
    this.#shortest = Math.min(...lengths);
    this.#longest = Math.max(...lengths);
    this.#symbols = new Uint16Array(lengths.length);
    let place = 0;
    let code = 0;
    for (let length = this.#shortest; length <= this.#longest; length += 1) {
      this.#offsets[length] = code - place;
      for (let symbol = 0; symbol < lengths.length; symbol += 1) {
        if (lengths[symbol] !== length) continue;
        this.#symbols[place] = symbol;
        place += 1;
        code += 1;
      }
      this.#limits[length] = code << (this.#longest - length);
      code <<= 1;
    }
  }

  read(bits: BitReader): number {
    const ahead = bits.peek(this.#longest);
    for (let length = this.#shortest; length <= this.#longest; length += 1) {
      if (ahead >= this.#limits[length]!) continue;
      bits.drop(length);
      const symbol = this.#symbols[(ahead >>> (this.#longest - length)) - this.#offsets[length]!];
      if (symbol !== undefined) return symbol;
      break;
    }
    throw new Error('bzip2: a code that means nothing');
  }
}

interface Coding {
  readonly bytes: Uint8Array;
  readonly selectors: Uint8Array;
  readonly tables: readonly HuffmanTable[];
}

/** Undoes Huffman coding, run lengths and move-to-front. Gives how many bytes there are. */
function readSymbols(
  bits: BitReader,
  { bytes, selectors, tables }: Coding,
  into: Uint32Array,
  counts: Uint32Array,
): number {
  const order = Uint8Array.from(bytes);
  const end = bytes.length + 1;
  let length = 0;
  let run = 0;
  let weight = 1;
  for (let group = 0; ; group += 1) {
    if (group >= selectors.length) throw new Error('bzip2: damaged block');
    const table = tables[selectors[group]!]!;
    for (let left = groupSymbols; left > 0; left -= 1) {
      const symbol = table.read(bits);
      if (symbol === runA || symbol === runB) {
        run += weight << symbol;
        weight *= 2;
        if (run > into.length) throw new Error('bzip2: damaged block');
        continue;
      }
      if (run > 0) {
        if (length + run > into.length) throw new Error('bzip2: damaged block');
        const byte = order[0]!;
        counts[byte]! += run;
        into.fill(byte, length, length + run);
        length += run;
        run = 0;
        weight = 1;
      }
      if (symbol === end) return length;
      if (length >= into.length) throw new Error('bzip2: damaged block');
      const byte = toFront(order, symbol - 1);
      counts[byte]! += 1;
      into[length] = byte;
      length += 1;
    }
  }
}

function toFront(order: Uint8Array, index: number): number {
  const value = order[index]!;
  order.copyWithin(1, 0, index);
  order[0] = value;
  return value;
}

/** Undoes the sorting: the n-th occurrence of a byte in the last column is its n-th in the first. */
function linkUp(links: Uint32Array, counts: Uint32Array, length: number): void {
  const places = new Uint32Array(256);
  let sum = 0;
  for (let byte = 0; byte < 256; byte += 1) {
    places[byte] = sum;
    sum += counts[byte]!;
  }
  for (let at = 0; at < length; at += 1) {
    const byte = links[at]! & 0xff;
    const place = places[byte]!;
    places[byte] = place + 1;
    links[place]! |= at << 8;
  }
}

/** Follows the links, and writes out the first run-length coding: four equal bytes are followed by how many more. */
class Expansion {
  readonly #links: Uint32Array;
  #left: number;
  #link: number;
  #crc = -1;
  /** The byte that may be repeated, -1 for none; how often it stands there, and how often it is still to come. */
  #last = -1;
  #equal = 0;
  #repeat = 0;

  constructor({ links, length, start }: Block) {
    this.#links = links;
    this.#left = length;
    this.#link = links[start]!;
  }

  /** Of everything that was written. */
  get checksum(): number {
    return ~this.#crc >>> 0;
  }

  /** Fills the piece, or writes what is left. Gives how many bytes: 0 at the end. A loop over locals alone is what is fast here. */
  fill(piece: Buffer): number {
    const links = this.#links;
    let [left, link, crc, last, equal, repeat] = [
      this.#left,
      this.#link,
      this.#crc,
      this.#last,
      this.#equal,
      this.#repeat,
    ];
    let filled = 0;
    while (filled < piece.length) {
      if (repeat > 0) {
        repeat -= 1;
        piece[filled++] = last;
        crc = (crc << 8) ^ crcTable[(crc >>> 24) ^ last]!;
        continue;
      }
      if (left === 0) break;
      left -= 1;
      link = links[link >>> 8]!;
      const byte = link & 0xff;
      if (equal === 4) {
        repeat = byte;
        equal = 0;
        continue;
      }
      equal = byte === last ? equal + 1 : 1;
      last = byte;
      piece[filled++] = byte;
      crc = (crc << 8) ^ crcTable[(crc >>> 24) ^ byte]!;
    }
    this.#left = left;
    this.#link = link;
    this.#crc = crc;
    this.#last = last;
    this.#equal = equal;
    this.#repeat = repeat;
    return filled;
  }
}

/** CRC-32 with the most significant bit first. */
const crcTable = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit += 1) crc = crc < 0 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  return crc;
});

/** Bits of the input, the most significant first. */
class BitReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #bytes = new Uint8Array(0);
  /** The next byte that is not in `#held`. */
  #at = 0;
  #ended = false;
  /** The low `#count` bits are what was read ahead: at most 31. */
  #held = 0;
  #count = 0;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Makes sure that so many bytes are there, or all that will come. False when there are none at all. */
  async require(bytes: number): Promise<boolean> {
    const pieces: Uint8Array[] = [];
    let have = this.#bytes.length - this.#at;
    while (have < bytes && !this.#ended) {
      const { done, value } = (await this.#source.next()) as IteratorResult<Uint8Array, undefined>;
      if (done === true) this.#ended = true;
      else {
        // Copied: what comes next may use the same memory.
        pieces.push(new Uint8Array(value));
        have += value.length;
      }
    }
    if (pieces.length > 0) {
      this.#bytes = Buffer.concat([this.#bytes.subarray(this.#at), ...pieces]);
      this.#at = 0;
    }
    return have > 0 || this.#count > 0;
  }

  /** The next bits without taking them, zeros after the end: at most 24. */
  peek(count: number): number {
    while (this.#count < count) {
      this.#held = (this.#held << 8) | (this.#bytes[this.#at] ?? 0);
      this.#at += 1;
      this.#count += 8;
    }
    return (this.#held >>> (this.#count - count)) & ((1 << count) - 1);
  }

  drop(count: number): void {
    this.#count -= count;
    if (this.#at - (this.#count >> 3) > this.#bytes.length) throw new Error('bzip2: the input ends early');
  }

  take(count: number): number {
    const value = this.peek(count);
    this.drop(count);
    return value;
  }

  /** 32 bits, unsigned. */
  word(): number {
    return this.take(16) * 0x10000 + this.take(16);
  }

  /** To the next whole byte. */
  align(): void {
    this.#count -= this.#count % 8;
    this.#at -= this.#count / 8;
    this.#count = 0;
  }
}
