/**
 * A push parser for layer tars: chunks go in, entries come out, body bytes are handed on straight from the chunk. No
 * stream and no copy per entry, because a base layer has a hundred thousand (performance.md 1.4, 3.3).
 *
 * Understands PAX (`path`, `linkpath`, `size`, `mtime` and every other record), GNU `L`/`K` names, base-256 numbers and
 * the ustar prefix, with the precedence of Go's reader. Headers and records may be split anywhere between chunks.
 */
import { LayerError } from './layer-error.ts';
import { decodeTarName } from './tar-name.ts';
import {
  blockSize,
  headerLinkName,
  headerName,
  invalidHeader,
  isZeroBlock,
  parseHeader,
} from './tar-header.ts';
import { normalizePaxTime, parsePaxRecords } from './pax.ts';
import type { PaxRecords } from './pax.ts';
import type { RawHeader } from './tar-header.ts';
import type { PaxTime } from './metadata.ts';

export interface TarEntry {
  /** The effective name: GNU name, else PAX `path`, else the header's. */
  readonly name: string;
  /** Bytes of the name when they are no UTF-8; `name` then carries a hash in each such component. */
  readonly rawName: Buffer | undefined;
  readonly linkName: string;
  /** `0` file, `1` hard link, `2` symbolic link, `5` directory; anything else as in the header. */
  readonly type: string;
  readonly mode: number;
  /** Bytes of body that follow; 0 for anything but files. */
  readonly size: number;
  readonly mtime: PaxTime;
  readonly records: ReadonlyMap<string, string>;
}

/** Called synchronously, in tar order: `entry`, then `data` for its bytes (perhaps in pieces), then `end`. */
export interface TarSink {
  entry(entry: TarEntry): void;
  data(chunk: Buffer, start: number, end: number): void;
  end(): void;
}

/** Bytes that one PAX or GNU name header may have (Go's maxSpecialFileSize). */
export const maxSpecialBytes = 1 << 20;

const noRecords: PaxRecords = { values: new Map(), raw: undefined };
const padOf = (size: number): number => -size & (blockSize - 1);
const headerOnly = new Set(['1', '2', '3', '4', '5', '6']);

type State = 'header' | 'special' | 'body' | 'trailer';

export class TarParser {
  readonly #sink: TarSink;
  readonly #carry = Buffer.alloc(blockSize);
  #carried = 0;
  #state: State = 'header';
  /** Body bytes still to come, and padding after them. */
  #remaining = 0;
  #padding = 0;
  #special: Buffer[] = [];
  #specialType = '';
  #records: PaxRecords | undefined;
  #longName: Buffer | undefined;
  #longLink: Buffer | undefined;
  #zeroBlocks = 0;

  constructor(sink: TarSink) {
    this.#sink = sink;
  }

  /** True once the end marker was read: what follows is padding that only the digest cares about. */
  get ended(): boolean {
    return this.#state === 'trailer';
  }

  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#state === 'trailer') return;
      if (this.#state === 'body' && this.#remaining > 0) {
        const end = Math.min(chunk.length, at + this.#remaining);
        this.#sink.data(chunk, at, end);
        this.#remaining -= end - at;
        at = end;
        if (this.#remaining === 0) this.#sink.end();
      } else if (this.#state === 'special' && this.#remaining > 0) {
        const end = Math.min(chunk.length, at + this.#remaining);
        this.#special.push(chunk.subarray(at, end));
        this.#remaining -= end - at;
        // The chunk's memory may be reused by its owner: keep a copy of an unfinished piece.
        if (this.#remaining > 0)
          this.#special[this.#special.length - 1] = Buffer.from(chunk.subarray(at, end));
        else this.#endSpecial();
        at = end;
      } else if (this.#padding > 0) {
        const skip = Math.min(this.#padding, chunk.length - at);
        this.#padding -= skip;
        at += skip;
      } else {
        this.#state = 'header';
        at = this.#header(chunk, at);
      }
    }
  }

  /** The input is over. Ending in the middle of an entry is `unexpected EOF`; a missing end marker is tolerated, as in Go. */
  finish(): void {
    if (this.#carried > 0 || this.#remaining > 0 || this.#padding > 0)
      throw new LayerError('LAYER_TAR_INVALID', 'unexpected EOF', { hint: 'the layer tar is cut off' });
  }

  #header(chunk: Buffer, at: number): number {
    if (this.#carried === 0 && chunk.length - at >= blockSize) {
      this.#block(chunk, at);
      return at + blockSize;
    }
    const take = Math.min(blockSize - this.#carried, chunk.length - at);
    chunk.copy(this.#carry, this.#carried, at, at + take);
    this.#carried += take;
    if (this.#carried === blockSize) {
      this.#carried = 0;
      this.#block(this.#carry, 0);
    }
    return at + take;
  }

  #block(block: Buffer, at: number): void {
    if (block[at] === 0 && isZeroBlock(block, at)) {
      this.#zeroBlocks += 1;
      if (this.#zeroBlocks === 2) this.#state = 'trailer';
      return;
    }
    if (this.#zeroBlocks > 0) throw invalidHeader('data after the end marker');
    const raw = parseHeader(block, at);
    switch (raw.typeFlag) {
      case 'x':
      case 'g':
      case 'L':
      case 'K':
        if (raw.size > maxSpecialBytes) throw invalidHeader('a PAX or GNU header is larger than 1 MiB');
        this.#state = 'special';
        this.#specialType = raw.typeFlag;
        this.#special = [];
        this.#remaining = raw.size;
        this.#padding = padOf(raw.size);
        if (raw.size === 0) this.#endSpecial();
        return;
      default:
        this.#entry(raw, block, at);
    }
  }

  #endSpecial(): void {
    const payload = this.#special.length === 1 ? this.#special[0]! : Buffer.concat(this.#special);
    this.#special = [];
    switch (this.#specialType) {
      case 'x':
        this.#records = parsePaxRecords(payload);
        break;
      case 'L':
        this.#longName = Buffer.from(cutAtNul(payload));
        break;
      case 'K':
        this.#longLink = Buffer.from(cutAtNul(payload));
        break;
      // Global records: Go's reader hands them out and applies them to nothing.
      default:
        parsePaxRecords(payload);
    }
  }

  #entry(raw: RawHeader, block: Buffer, at: number): void {
    const pax = this.#records ?? noRecords;
    const records = pax.values;
    const longName = this.#longName;
    const longLink = this.#longLink;
    this.#records = undefined;
    this.#longName = undefined;
    this.#longLink = undefined;

    const name = nameOf(longName, pax, 'path') ?? decodeTarName(headerName(block, at));
    const link = nameOf(longLink, pax, 'linkpath') ?? decodeTarName(headerLinkName(block, at));
    let type = raw.typeFlag;
    if (type === '\0') type = name.text.endsWith('/') ? '5' : '0';
    else if (type === '7') type = '0';
    const size = headerOnly.has(type) ? 0 : sizeOf(records.get('size'), raw.size);
    if (isSparse(type, records))
      throw new LayerError('LAYER_ENTRY_TYPE', `${name.text}: sparse tar entries are not supported`, {
        entry: name.text,
      });

    this.#state = 'body';
    this.#remaining = size;
    this.#padding = padOf(size);
    this.#sink.entry({
      name: name.text,
      rawName: name.raw,
      linkName: link.text,
      type,
      mode: raw.mode,
      size,
      mtime: mtimeOf(records.get('mtime'), raw.mtime),
      records,
    });
    if (size === 0) this.#sink.end();
  }
}

/** From a GNU name or a record; undefined when the header's own counts. */
function nameOf(
  gnu: Buffer | undefined,
  pax: PaxRecords,
  key: 'path' | 'linkpath',
): { text: string; raw: Buffer | undefined } | undefined {
  if (gnu !== undefined && gnu.length > 0) return decodeTarName(gnu);
  const text = pax.values.get(key);
  // An empty record deletes the record, not the name.
  if (text === undefined || text === '') return undefined;
  const raw = pax.raw?.get(key);
  return raw === undefined ? { text, raw } : decodeTarName(raw);
}

function sizeOf(record: string | undefined, header: number): number {
  if (record === undefined || record === '') return header;
  const size = Number(record);
  if (!/^\d+$/.test(record) || !Number.isSafeInteger(size)) throw invalidHeader('bad size record');
  return size;
}

function mtimeOf(record: string | undefined, header: number): PaxTime {
  if (record === undefined || record === '') return String(header);
  const time = normalizePaxTime(record);
  if (time === undefined) throw invalidHeader('bad mtime record');
  return time;
}

function isSparse(type: string, records: ReadonlyMap<string, string>): boolean {
  if (type === 'S') return true;
  for (const key of records.keys()) if (key.startsWith('GNU.sparse.')) return true;
  return false;
}

function cutAtNul(bytes: Buffer): Buffer {
  const nul = bytes.indexOf(0);
  return nul < 0 ? bytes : bytes.subarray(0, nul);
}
