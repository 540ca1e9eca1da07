/**
 * An image archive put aside in one pass: every member's bytes in a file of its own, hashed on the way, under names of our
 * own, so names in the archive touch nothing. Content that the store has is linked instead of written.
 */
import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import {
  closeSync,
  linkSync,
  openSync,
  readFileSync,
  ReadStream,
  readSync,
  statfsSync,
  writeSync,
} from 'node:fs';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { BlobStore } from '../../../content/blobs.ts';
import type { Spool } from '../../../content/spool.ts';
import { asError, PortholeError } from '../../../errors/porthole-error.ts';
import { invalidArchive } from '../../../image/archive/archive-error.ts';
import { claimedDigest, memberName, MemberTable } from '../../../image/archive/member-table.ts';
import type { ArchiveFile } from '../../../image/archive/member-table.ts';
import { digestAlgorithm } from '../../../image/digest.ts';
import type { Digest } from '../../../image/digest.ts';
import { maxDocumentBytes } from '../../../image/manifest.ts';
import { LayerError } from '../../../layer/layer-error.ts';
import { pumpLayer } from '../../../layer/pump.ts';
import { TarParser } from '../../../layer/tar-reader.ts';
import type { TarEntry, TarSink } from '../../../layer/tar-reader.ts';
import { releaseBuffer } from '../../../registry/release-buffer.ts';
import { explainWriteError } from '../../../state/atomic-file.ts';

export interface SpooledFile extends ArchiveFile {
  readonly path: string;
}

/** Far above any real archive: an image has up to 125 layers of three members each. */
const maxMembers = 100_000;

/**
 * Reads the stream to its end: a tar, plain or in gzip, zstd, bzip2 or xz. Kind `invalid`, code `ARCHIVE_INVALID` for anything else,
 * and for names and links that mean harm; `NO_SPACE` before a member is written that the disk cannot hold.
 */
export async function spoolArchive(
  archive: Readable,
  spool: Spool,
  blobs: BlobStore,
  signal?: AbortSignal,
): Promise<MemberTable<SpooledFile>> {
  const sink = new SpoolSink(spool, blobs);
  const parser = new TarParser(sink);
  const release = ownsItsMemory(archive) ? releaseBuffer : undefined;
  try {
    await pumpLayer(
      archive,
      {
        write: (chunk) => {
          const bytes = Buffer.isBuffer(chunk)
            ? chunk
            : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
          parser.push(bytes);
          release?.(chunk);
        },
      },
      {
        ...(signal === undefined ? {} : { signal }),
        ...(release === undefined ? {} : { onTaken: release }),
      },
    );
    parser.finish();
    return sink.table;
  } catch (error) {
    sink.abandon();
    signal?.throwIfAborted();
    throw error instanceof LayerError ? explained(error) : error;
  } finally {
    archive.destroy();
  }
}

/** Files and pipes make a buffer for each piece; what other streams hand out may be somebody else's. */
function ownsItsMemory(stream: Readable): boolean {
  return stream instanceof ReadStream || stream instanceof Socket;
}

function explained(error: LayerError): PortholeError {
  const what =
    error.code === 'LAYER_COMPRESSION_INVALID'
      ? `failed to decompress it: ${asError(error.cause).message}`
      : error.message;
  return invalidArchive(what, { cause: error, hint: 'it is damaged, cut off or no tar archive' });
}

/** A small document of the archive. */
export function readDocument(file: SpooledFile, name: string): Buffer {
  if (file.size > maxDocumentBytes)
    throw invalidArchive(`${name} is larger than ${maxDocumentBytes >> 20} MiB`);
  return readFileSync(file.path);
}

/** The first bytes of a member. */
export function readHead(file: SpooledFile, length: number): Buffer {
  const head = Buffer.alloc(Math.min(length, file.size));
  const descriptor = openSync(file.path, 'r');
  try {
    return head.subarray(0, readSync(descriptor, head, 0, head.length, 0));
  } finally {
    closeSync(descriptor);
  }
}

class SpoolSink implements TarSink {
  readonly table = new MemberTable<SpooledFile>();
  readonly #spool: Spool;
  readonly #blobs: BlobStore;
  #open:
    | { name: string; path: string; size: number; claimed: Digest | undefined; hash: Hash; fd: number }
    | undefined;

  constructor(spool: Spool, blobs: BlobStore) {
    this.#spool = spool;
    this.#blobs = blobs;
  }

  entry({ name, type, size, linkName }: TarEntry): void {
    if (this.table.size >= maxMembers) throw invalidArchive(`more than ${maxMembers} members`);
    switch (type) {
      case '0':
        return this.#file(name, size);
      case '1':
        return this.table.addLink(name, linkName, 'hard');
      case '2':
        return this.table.addLink(name, linkName, 'symbolic');
      case '5':
        memberName(name);
        return;
      default:
        throw invalidArchive(`${JSON.stringify(name)} is neither a file, a folder nor a link`);
    }
  }

  data(chunk: Buffer, start: number, end: number): void {
    const file = this.#open;
    if (file === undefined) return;
    const piece = chunk.subarray(start, end);
    file.hash.update(piece);
    try {
      for (let written = 0; written < piece.length;) written += writeSync(file.fd, piece, written);
    } catch (error) {
      throw explainWriteError(error, file.path);
    }
  }

  end(): void {
    const file = this.#open;
    if (file === undefined) return;
    this.abandon();
    const { name, path, size, claimed, hash } = file;
    const digest = `${claimed === undefined ? 'sha256' : digestAlgorithm(claimed)}:${hash.digest('hex')}`;
    if (claimed !== undefined && digest !== claimed)
      throw invalidArchive(`${name} has other content than its name says (${digest})`);
    this.table.addFile(name, { digest, size, path });
  }

  /** Closes what is open. */
  abandon(): void {
    if (this.#open !== undefined) closeSync(this.#open.fd);
    this.#open = undefined;
  }

  #file(rawName: string, size: number): void {
    const name = memberName(rawName);
    const path = this.#spool.next();
    const claimed = claimedDigest(name);
    if (claimed !== undefined && this.#linkStored({ digest: claimed, size }, path)) {
      this.table.addFile(name, { digest: claimed, size, path });
      return;
    }
    this.#requireSpace(size);
    const hash = createHash(claimed === undefined ? 'sha256' : digestAlgorithm(claimed));
    try {
      this.#open = { name, path, size, claimed, hash, fd: openSync(path, 'wx', 0o600) };
    } catch (error) {
      throw explainWriteError(error, path);
    }
  }

  /** A link of our own keeps the content here, whoever removes its image meanwhile. */
  #linkStored(wanted: ArchiveFile, path: string): boolean {
    try {
      if (!this.#blobs.has(wanted)) return false;
      linkSync(this.#blobs.pathOf(wanted.digest), path);
      return true;
    } catch {
      return false;
    }
  }

  #requireSpace(size: number): void {
    if (size < spaceWorthAsking) return;
    const { bavail, bsize } = statfsSync(this.#spool.folder);
    if (size <= bavail * bsize) return;
    throw new PortholeError(
      'unavailable',
      'NO_SPACE',
      `write ${this.#spool.folder}: no space left on device`,
      {
        hint: `a member of the archive has ${size} bytes, ${bavail * bsize} are free: free some space or use another --data-root`,
      },
    );
  }
}

const spaceWorthAsking = 1 << 20;
