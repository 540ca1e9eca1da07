import { bounded } from './bounded.ts';
import {
  attachDisk,
  closeDisk,
  createDisk,
  detach,
  devicePath,
  openDisk,
  resizeDisk,
} from './ffi/virtdisk.ts';
import type { DiskHandle } from './ffi/virtdisk.ts';
import { HostFileError, timeout } from './host-file-error.ts';
import { quickMs } from './layer-calls.ts';

/**
 * An open virtual disk. Failures are `HostFileError`s. Its handle is closed when the last call that uses it has returned: one
 * that was given up goes on.
 */
export class VirtualDisk implements AsyncDisposable {
  readonly path: string;
  readonly #handle: DiskHandle;
  readonly #underWay = new Set<Promise<unknown>>();
  #isOpen = true;

  private constructor(path: string, handle: DiskHandle) {
    this.path = path;
    this.#handle = handle;
  }

  static open(path: string): Promise<VirtualDisk> {
    return VirtualDisk.#opened('open', path, openDisk(path));
  }

  /** `what`: the size of a new dynamic disk, or the path of the one that it is to be a child of. */
  static create(
    path: string,
    what: { readonly sizeBytes: number } | { readonly parent: string },
  ): Promise<VirtualDisk> {
    return VirtualDisk.#opened('create', path, createDisk(path, what));
  }

  static async #opened(verb: string, path: string, work: ReturnType<typeof openDisk>): Promise<VirtualDisk> {
    const late = { code: timeout, handle: undefined };
    const { code, handle } = await bounded(
      work,
      quickMs,
      () => late,
      (answer) => (answer.handle === undefined ? undefined : closeDisk(answer.handle)),
    );
    if (handle === undefined) throw new HostFileError(verb, path, code);
    return new VirtualDisk(path, handle);
  }

  /** Runs a call that takes the handle. */
  use<T>(work: (handle: DiskHandle) => Promise<T>): Promise<T> {
    const call = work(this.#handle);
    this.#underWay.add(call);
    const returned = (): boolean => this.#underWay.delete(call);
    call.then(returned, returned);
    return call;
  }

  /** `permanent`: it stays when the handle is closed, until somebody detaches it. */
  attach({ permanent = false } = {}): Promise<void> {
    return this.#call('attach', (handle) => attachDisk(handle, permanent));
  }

  detach(): Promise<void> {
    return this.#call('detach', detach);
  }

  resize(bytes: number): Promise<void> {
    return this.#call('resize', (handle) => resizeDisk(handle, bytes));
  }

  /** `\\.\PhysicalDriveN`, while it is attached. */
  async devicePath(): Promise<string> {
    const late = { code: timeout, path: '' };
    const { code, path } = await bounded(this.use(devicePath), quickMs, () => late);
    if (code !== 0) throw new HostFileError('find the device of', this.path, code);
    return path;
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    if (this.#underWay.size === 0) await closeDisk(this.#handle);
    else void Promise.allSettled(this.#underWay).then(() => closeDisk(this.#handle));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #call(verb: string, work: (handle: DiskHandle) => Promise<number>): Promise<void> {
    const code = await bounded(this.use(work), quickMs, () => timeout);
    if (code !== 0) throw new HostFileError(verb, this.path, code);
  }
}
