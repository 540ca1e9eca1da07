/** Compresses what is written into a new blob: gzip whose bytes depend on the input only, hashed on the way to the file. */
import { createHash } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import type { BlobStore } from '../../../content/blobs.ts';
import type { Digest } from '../../../image/digest.ts';
import { explainWriteError, listNames } from '../../../state/atomic-file.ts';
import { isAbandonedName, ownedName } from '../../../state/owned-name.ts';
import type { DataPaths } from '../../../state/paths.ts';

/** Fixed, because the level decides the bytes and so the digest: 4 takes half the time of 6 for a few percent more bytes. */
const gzipLevel = 4;

const partial = '.partial';

/** Removes the files of writers that were killed. */
export function sweepAbandonedBlobs(ingest: string): void {
  for (const name of listNames(ingest)) {
    if (isAbandonedName(name, /^commit$/, partial)) rmSync(join(ingest, name), { force: true });
  }
}

export class BlobWriter {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #gzip = createGzip({ level: gzipLevel, chunkSize: 1 << 18 });
  readonly #hash = createHash('sha256');
  readonly #drained: Promise<void>;
  #size = 0;
  #failure: unknown;

  private constructor(path: string, file: FileHandle, tar: Readable) {
    this.#path = path;
    this.#file = file;
    this.#drained = this.#drain();
    this.#drained.catch((error: unknown) => {
      this.#failure = explainWriteError(error, path);
      this.#gzip.destroy();
      tar.destroy();
    });
  }

  /** `source` is destroyed when the blob can't be written. */
  static async open(paths: Pick<DataPaths, 'ingest'>, source: Readable): Promise<BlobWriter> {
    mkdirSync(paths.ingest, { recursive: true, mode: 0o700 });
    sweepAbandonedBlobs(paths.ingest);
    const path = join(paths.ingest, ownedName('commit', partial));
    try {
      return new BlobWriter(path, await open(path, 'wx', 0o600), source);
    } catch (error) {
      throw explainWriteError(error, path);
    }
  }

  /** Resolves when more may be written. */
  async write(chunk: Uint8Array): Promise<void> {
    if (this.#gzip.destroyed || this.#gzip.write(chunk)) return;
    await new Promise<void>((resolve) => {
      const go = (): void => {
        this.#gzip.off('drain', go).off('close', go);
        resolve();
      };
      this.#gzip.once('drain', go).once('close', go);
    });
  }

  /** Puts the blob into the store under its digest. */
  async finish(blobs: BlobStore): Promise<{ readonly digest: Digest; readonly size: number }> {
    this.#gzip.end();
    await this.#drained;
    const digest = `sha256:${this.#hash.digest('hex')}`;
    await this.#file.close();
    const blob = { digest, size: this.#size };
    await blobs.adopt(this.#path, blob);
    rmSync(this.#path, { force: true });
    return blob;
  }

  /** Leaves nothing behind. Gives the reason when writing the file is what failed. */
  async abort(): Promise<unknown> {
    this.#gzip.destroy();
    const failure = this.#failure;
    await this.#drained.catch(() => undefined);
    await this.#file.close().catch(() => undefined);
    rmSync(this.#path, { force: true });
    return failure;
  }

  async #drain(): Promise<void> {
    for await (const piece of this.#gzip as AsyncIterable<Buffer>) {
      // The header's system byte differs between platforms: 255 is "unknown".
      if (this.#size === 0) piece[9] = 255;
      this.#hash.update(piece);
      this.#size += piece.length;
      await this.#file.write(piece);
    }
  }
}
