/** Finished blobs by digest: `oci/blobs/<algorithm>/<hex>`, read-only files that appear whole (images-and-registries.md 8). */
import { mkdirSync, readFileSync, readdirSync, statSync, unlinkSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PortholeError } from '../errors/porthole-error.ts';
import type { Descriptor } from '../image/descriptor.ts';
import { digestAlgorithm, digestHex, digestLike, isDigest, sha256 } from '../image/digest.ts';
import type { Digest } from '../image/digest.ts';
import {
  errorCode,
  explainWriteError,
  renameRetrying,
  sweepTemporaries,
  writeFileAtomic,
} from '../state/atomic-file.ts';
import type { DataPaths } from '../state/paths.ts';

export class BlobStore {
  readonly #root: string;

  constructor(paths: Pick<DataPaths, 'oci'>) {
    this.#root = join(paths.oci, 'blobs');
  }

  pathOf(digest: Digest): string {
    return join(this.#root, digestAlgorithm(digest), digestHex(digest));
  }

  /** Bytes, or undefined when the blob is not here. */
  sizeOf(digest: Digest): number | undefined {
    try {
      return statSync(this.pathOf(digest)).size;
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** True when the blob is here with the size that the descriptor says. */
  has(descriptor: Pick<Descriptor, 'digest' | 'size'>): boolean {
    return this.sizeOf(descriptor.digest) === descriptor.size;
  }

  /**
   * A small document, verified. Missing: kind `notFound`, code `BLOB_MISSING`; other content than its name says: kind
   * `internal`, code `BLOB_DAMAGED`.
   */
  read(digest: Digest): Buffer {
    const bytes = this.readIfExists(digest);
    if (bytes !== undefined) return bytes;
    throw missingBlob(digest);
  }

  readIfExists(digest: Digest): Buffer | undefined {
    let bytes: Buffer;
    try {
      bytes = readFileSync(this.pathOf(digest));
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return undefined;
      throw error;
    }
    if (digestLike(digest, bytes) === digest) return bytes;
    throw damagedBlob(digest, this.pathOf(digest));
  }

  /** Writes a document under its sha256. Nothing happens when it is here already. */
  put(bytes: Uint8Array): Digest {
    const digest = sha256(bytes);
    if (this.sizeOf(digest) === bytes.length) return digest;
    const path = this.pathOf(digest);
    mkdirSync(dirname(path), { recursive: true });
    writeFileAtomic(path, bytes, { durable: true, mode: 0o444 });
    return digest;
  }

  /** Takes a file over whose digest and size the caller has checked. It must lie on the store's file system. */
  async adopt(path: string, { digest, size }: Pick<Descriptor, 'digest' | 'size'>): Promise<void> {
    if (this.sizeOf(digest) === size) return;
    const target = this.pathOf(digest);
    try {
      await makeDurable(path);
      mkdirSync(dirname(target), { recursive: true });
      renameRetrying(path, target);
    } catch (error) {
      throw explainWriteError(error, target);
    }
  }

  /** False when it was not here. */
  remove(digest: Digest): boolean {
    try {
      unlinkSync(this.pathOf(digest));
      return true;
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return false;
      throw error;
    }
  }

  /** Removes what killed writers of documents left. */
  sweepTemporaries(now: number): void {
    for (const algorithm of names(this.#root)) sweepTemporaries(join(this.#root, algorithm), now);
  }

  /** Every blob with its size and the time it came, in milliseconds since the epoch. */
  list(): { readonly digest: Digest; readonly size: number; readonly modified: number }[] {
    return names(this.#root).flatMap((algorithm) =>
      names(join(this.#root, algorithm)).flatMap((hex) => {
        const digest = `${algorithm}:${hex}`;
        if (!isDigest(digest)) return [];
        const { size, mtimeMs } = statSync(this.pathOf(digest));
        return [{ digest, size, modified: mtimeMs }];
      }),
    );
  }
}

export function missingBlob(digest: Digest): PortholeError {
  return new PortholeError('notFound', 'BLOB_MISSING', `content digest ${digest}: not found`, {
    hint: 'the image is not complete: pull or load it again',
  });
}

export function damagedBlob(digest: Digest, path: string): PortholeError {
  return new PortholeError('internal', 'BLOB_DAMAGED', `content digest ${digest}: damaged file ${path}`, {
    hint: 'remove the image with rmi -f and pull it again',
  });
}

/** Written through and read-only; a file that is read-only has been through this before. */
async function makeDurable(path: string): Promise<void> {
  if ((statSync(path).mode & 0o222) === 0) return;
  const file = await open(path, 'r+');
  try {
    await file.sync();
    await file.chmod(0o444);
  } finally {
    await file.close();
  }
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return [];
    throw error;
  }
}
