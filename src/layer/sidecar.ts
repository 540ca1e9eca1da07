/**
 * `meta.jsonl`: what Windows knows of a layer's entries and Linux cannot hold, one JSON line an entry in tar order
 * (windows-layers.md 7.2). Written once through a buffer, never a file or an xattr call an entry (performance.md 3.1).
 *
 * Lines: `{"v":1}` first; `{"sd":"<base64>"}` when a security descriptor appears for the first time (they are numbered in
 * order); else an entry: `p` path as stored, `t` type (`0` file, `1` hard link, `2` link, `5` directory, `w` whiteout, `s`
 * stream), `a` attributes, `s` descriptor number, `d` descriptor as text, `m` `c` `r` `h` times (modified, created, accessed,
 * changed; left out when equal to `m`), `z` size, `l` link target, `j` 1 for junctions, `x` extended attributes, `n` the
 * tar's own name where it differs from `p`, `b` its bytes (base64) where they are no UTF-8, `f` file of a stream in `ads/`.
 */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import type { WindowsMetadata } from './metadata.ts';
import type { TarEntry } from './tar-reader.ts';

export const sidecarName = 'meta.jsonl';

export interface SidecarEntry {
  /** As stored, with its root: `Files/Windows/x`. */
  readonly path: string;
  readonly type: '0' | '1' | '2' | '5' | 'w' | 's';
  readonly metadata: WindowsMetadata;
  readonly size?: number;
  readonly target?: string;
  readonly tarName?: string;
  readonly rawName?: Buffer;
  readonly streamFile?: string;
}

/** What a tar entry that is stored at `path` leaves in the sidecar. */
export function sidecarEntryOf(
  entry: TarEntry,
  path: string,
  type: '0' | '1' | '2' | '5' | 'w',
  metadata: WindowsMetadata,
): SidecarEntry {
  return {
    path,
    type,
    metadata,
    tarName: entry.name,
    ...(type === '0' ? { size: entry.size } : {}),
    ...(type === '1' || type === '2' ? { target: entry.linkName } : {}),
    ...(entry.rawName === undefined ? {} : { rawName: entry.rawName }),
  };
}

const bufferBytes = 1 << 20;
const needsEscape = /["\\\x00-\x1f\x7f-\uffff]/;

export class SidecarWriter {
  readonly #descriptor: number;
  readonly #descriptors = new Map<string, number>();
  readonly #buffer = Buffer.allocUnsafe(bufferBytes);
  #used = 0;

  constructor(path: string) {
    this.#descriptor = openSync(path, 'wx', 0o600);
    this.#write('{"v":1}\n');
  }

  add(entry: SidecarEntry): void {
    const { metadata } = entry;
    const modified = metadata.modified;
    const security = metadata.securityDescriptor;
    let line = `{"p":${quoted(entry.path)},"t":"${entry.type}","a":${metadata.attributes},"m":"${modified}"`;
    if (security !== undefined) line += `,"s":${this.#intern(security)}`;
    if (metadata.securityText !== undefined) line += `,"d":${quoted(metadata.securityText)}`;
    if (metadata.created !== undefined && metadata.created !== modified) line += `,"c":"${metadata.created}"`;
    if (metadata.accessed !== undefined && metadata.accessed !== modified)
      line += `,"r":"${metadata.accessed}"`;
    if (metadata.changed !== undefined && metadata.changed !== modified) line += `,"h":"${metadata.changed}"`;
    if (entry.size !== undefined) line += `,"z":${entry.size}`;
    if (entry.target !== undefined) line += `,"l":${quoted(entry.target)}`;
    if (metadata.mountPoint === true) line += ',"j":1';
    if (metadata.extendedAttributes !== undefined)
      line += `,"x":${JSON.stringify(metadata.extendedAttributes)}`;
    if (entry.tarName !== undefined && entry.tarName !== entry.path) line += `,"n":${quoted(entry.tarName)}`;
    if (entry.rawName !== undefined) line += `,"b":"${entry.rawName.toString('base64')}"`;
    if (entry.streamFile !== undefined) line += `,"f":"${entry.streamFile}"`;
    this.#write(`${line}}\n`);
  }

  close(): void {
    try {
      this.#flush();
    } finally {
      closeSync(this.#descriptor);
    }
  }

  /** Gives the descriptor back without finishing the file. */
  abandon(): void {
    closeSync(this.#descriptor);
  }

  #intern(security: string): number {
    const known = this.#descriptors.get(security);
    if (known !== undefined) return known;
    const number = this.#descriptors.size;
    this.#descriptors.set(security, number);
    this.#write(`{"sd":"${security}"}\n`);
    return number;
  }

  #write(line: string): void {
    // Three bytes a UTF-16 unit at most.
    if (line.length * 3 > bufferBytes - this.#used) this.#flush();
    if (line.length * 3 > bufferBytes) writeAll(this.#descriptor, Buffer.from(line, 'utf8'));
    else this.#used += this.#buffer.write(line, this.#used, 'utf8');
  }

  #flush(): void {
    writeAll(this.#descriptor, this.#buffer.subarray(0, this.#used));
    this.#used = 0;
  }
}

function writeAll(descriptor: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at);
}

function quoted(text: string): string {
  return needsEscape.test(text) ? JSON.stringify(text) : `"${text}"`;
}

interface SidecarLine {
  readonly p: string;
  readonly t: SidecarEntry['type'];
  readonly a: number;
  readonly m: string;
  readonly s?: number;
  readonly d?: string;
  readonly c?: string;
  readonly r?: string;
  readonly h?: string;
  readonly z?: number;
  readonly l?: string;
  readonly j?: 1;
  readonly x?: Record<string, string>;
  readonly n?: string;
  readonly b?: string;
  readonly f?: string;
}

const newline = 0x0a;
const pathStart = '{"p":'.length;
const securityStart = '{"sd":"'.length;

/**
 * A sidecar for look-ups by path. The file is indexed once and lines are parsed when asked for: a base layer has a hundred
 * thousand, and an export asks for some. Of two entries with one path the last counts.
 */
export class Sidecar {
  readonly #bytes: Buffer;
  /** Path -> where its line begins. */
  readonly #lines = new Map<string, number>();
  readonly #descriptors: string[] = [];

  constructor(path: string) {
    const bytes = readFileSync(path);
    this.#bytes = bytes;
    for (let at = 0; at < bytes.length; at = this.#endOfLine(at) + 1) {
      if (bytes[at + 2] === 0x70) {
        // `","t":"` ends the path and cannot be part of it: quotes inside are escaped.
        const json = bytes.toString('utf8', at + pathStart, bytes.indexOf('","t":"', at + pathStart) + 1);
        this.#lines.set(json.includes('\\') ? (JSON.parse(json) as string) : json.slice(1, -1), at);
      } else if (bytes[at + 2] === 0x73) {
        this.#descriptors.push(bytes.toString('latin1', at + securityStart, this.#endOfLine(at) - 2));
      }
    }
  }

  /** Paths in tar order. */
  paths(): IterableIterator<string> {
    return this.#lines.keys();
  }

  get(path: string): SidecarEntry | undefined {
    const at = this.#lines.get(path);
    if (at === undefined) return undefined;
    const line = JSON.parse(this.#bytes.toString('utf8', at, this.#endOfLine(at))) as SidecarLine;
    return entryOf(line, this.#descriptors);
  }

  #endOfLine(at: number): number {
    const end = this.#bytes.indexOf(newline, at);
    return end < 0 ? this.#bytes.length : end;
  }
}

function entryOf(line: SidecarLine, descriptors: readonly string[]): SidecarEntry {
  const security = line.s === undefined ? undefined : descriptors[line.s];
  const metadata: WindowsMetadata = {
    attributes: line.a,
    modified: line.m,
    created: line.c ?? line.m,
    accessed: line.r ?? line.m,
    changed: line.h ?? line.m,
    ...(security === undefined ? {} : { securityDescriptor: security }),
    ...(line.d === undefined ? {} : { securityText: line.d }),
    ...(line.j === undefined ? {} : { mountPoint: true }),
    ...(line.x === undefined ? {} : { extendedAttributes: line.x }),
  };
  return {
    path: line.p,
    type: line.t,
    metadata,
    ...(line.z === undefined ? {} : { size: line.z }),
    ...(line.l === undefined ? {} : { target: line.l }),
    ...(line.n === undefined ? {} : { tarName: line.n }),
    ...(line.b === undefined ? {} : { rawName: Buffer.from(line.b, 'base64') }),
    ...(line.f === undefined ? {} : { streamFile: line.f }),
  };
}
