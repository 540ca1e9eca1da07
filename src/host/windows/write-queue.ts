/**
 * What a tar asks to be written, in order: directories at once, several small files at the same time (creating a file costs
 * far more than its bytes), large ones piece by piece. Nothing of a chunk is used any more once `drain` settles.
 */
import { asError } from '../../errors/porthole-error.ts';
import { LayerError } from '../../layer/layer-error.ts';
import type { WindowsMetadata } from '../../layer/metadata.ts';
import type { ObjectWriter } from './layer-objects.ts';
import type { LayerTarget, ObjectKind } from './layer-target.ts';

const filesAtOnce = 4;
/** An object that is smaller is written in one go, when all of it is there. */
const wholeBytes = 1 << 20;

interface QueuedObject {
  readonly path: string;
  readonly kind: ObjectKind;
  readonly metadata: WindowsMetadata;
  parts: Buffer[];
  bytes: number;
  writer: ObjectWriter | undefined;
}

type Job = { readonly object: QueuedObject } | { readonly run: (target: LayerTarget) => Promise<void> };

export class WriteQueue {
  readonly #target: LayerTarget;
  #jobs: Job[] = [];
  #current: QueuedObject | undefined;
  #failure: Error | undefined;
  #draining: Promise<unknown> = Promise.resolve();
  readonly #running = new Set<Promise<void>>();
  readonly #paths = new Set<string>();

  constructor(target: LayerTarget) {
    this.#target = target;
  }

  directory(path: string): void {
    this.#step((target) => target.makeDirectory(path));
  }

  remove(path: string): void {
    this.#step((target) => target.removeIfThere(path));
  }

  cloneUtilityVm(parent: string | undefined): void {
    if (parent !== undefined) this.#step((target) => target.cloneUtilityVm(parent));
  }

  /** What begins here goes on until the next call but `more` and `data`. */
  object(path: string, kind: ObjectKind, metadata: WindowsMetadata, first: Buffer): void {
    this.#endObject();
    this.#current = { path, kind, metadata, parts: [], bytes: 0, writer: undefined };
    this.more(first);
  }

  /** Bytes of the object's stream that are the queue's own. */
  more(bytes: Buffer): void {
    const object = this.#current;
    if (object === undefined || bytes.length === 0) return;
    object.parts.push(bytes);
    object.bytes += bytes.length;
  }

  /** Bytes of a chunk: good until `drain` resolves. */
  data(bytes: Buffer): void {
    this.more(bytes);
  }

  /** Writes what is complete, and takes what it needs of the rest. */
  drain(): Promise<void> {
    const draining = this.#drain();
    this.#draining = draining.catch(() => undefined);
    return draining;
  }

  async #drain(): Promise<void> {
    try {
      await this.#writeJobs();
    } catch (error) {
      this.#failure ??= asError(error);
    }
    await Promise.all(this.#running);
    if (this.#failure !== undefined) throw this.#failure;
    await this.#keepCurrent();
  }

  async #writeJobs(): Promise<void> {
    const jobs = this.#jobs;
    this.#jobs = [];
    for (const job of jobs) {
      if (this.#failure !== undefined) break;
      if ('run' in job) {
        // What follows may depend on it, and it on what was there before.
        await Promise.all(this.#running);
        if (this.#failure === undefined) await job.run(this.#target);
      } else if (job.object.writer !== undefined) {
        await this.#writeWhole(job.object);
      } else {
        if (this.#paths.has(job.object.path)) await Promise.all(this.#running);
        if (this.#failure !== undefined) break;
        this.#start(job.object);
        if (this.#running.size >= filesAtOnce) await Promise.race(this.#running);
      }
    }
  }

  async finish(): Promise<void> {
    this.#endObject();
    await this.drain();
  }

  /** A drain under way begins nothing more and fails; this resolves when what it had begun has ended. */
  async abandon(): Promise<void> {
    this.#failure ??= new LayerError('LAYER_NOT_FOUND', 'the layer was given up');
    this.#jobs = [];
    await this.#draining;
    await this.#current?.writer?.close().catch(() => undefined);
    this.#current = undefined;
  }

  #step(run: (target: LayerTarget) => Promise<void>): void {
    this.#endObject();
    this.#jobs.push({ run });
  }

  #endObject(): void {
    if (this.#current !== undefined) this.#jobs.push({ object: this.#current });
    this.#current = undefined;
  }

  #start(object: QueuedObject): void {
    const running = this.#writeWhole(object)
      .catch((error: unknown) => {
        this.#failure ??= asError(error);
      })
      .finally(() => {
        this.#running.delete(running);
        this.#paths.delete(object.path);
      });
    this.#running.add(running);
    this.#paths.add(object.path);
  }

  async #writeWhole(object: QueuedObject): Promise<void> {
    object.writer ??= await this.#target.open(object.path, object.kind, object.metadata);
    try {
      await object.writer.write(joined(object));
    } finally {
      await object.writer.close();
    }
  }

  /** The unfinished object: a small one is copied out of the chunk, a large one goes to disk. */
  async #keepCurrent(): Promise<void> {
    const object = this.#current;
    if (object === undefined || object.bytes === 0) return;
    if (object.writer === undefined && object.bytes < wholeBytes) {
      object.parts = [Buffer.concat(object.parts)];
      return;
    }
    object.writer ??= await this.#target.open(object.path, object.kind, object.metadata);
    await object.writer.write(joined(object));
    object.parts = [];
    object.bytes = 0;
  }
}

function joined(object: QueuedObject): Buffer {
  return object.parts.length === 1 ? object.parts[0]! : Buffer.concat(object.parts);
}
