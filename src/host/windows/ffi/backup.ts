/**
 * kernel32.dll's backup streams (windows-layers.md 3.2): everything of a file as one stream of bytes.
 *
 * Ownership: a context belongs to its file until `finish`, which must come before the file is closed and is safe to repeat.
 * Win32 leaves the reason of a failure in the calling thread's last error, which is out of reach after a call on another
 * thread: a call that failed is repeated once on this thread, only to be told why. The file is given up then anyway.
 */
import { defineLibrary } from './library.ts';
import type { FileHandle } from './ntdll.ts';

const write =
  'int32_t __stdcall BackupWrite(void *file, void *buffer, uint32_t length, _Out_ uint32_t *written, int32_t abort, int32_t security, _Inout_ void **context)';
const read =
  'int32_t __stdcall BackupRead(void *file, void *buffer, uint32_t length, _Out_ uint32_t *read, int32_t abort, int32_t security, _Inout_ void **context)';

const api = defineLibrary('backup.dll', {
  BackupWrite: { proto: write, mode: 'async' },
  BackupWriteAgain: { proto: write, mode: 'sync' },
  BackupRead: { proto: read, mode: 'async' },
  BackupReadAgain: { proto: read, mode: 'sync' },
});

const kernel32 = defineLibrary('kernel32.dll', {
  GetLastError: { proto: 'uint32_t __stdcall GetLastError(void)', mode: 'sync' },
});

/** A Win32 error, 0 for success, and how many bytes were taken or given. */
export interface BackupResult {
  readonly error: number;
  readonly length: number;
}

/** Said where Windows says nothing: ERROR_IO_DEVICE. */
const unknownError = 1117;

/** One pass over a file's streams, in one direction. */
class BackupPass {
  readonly #file: FileHandle;
  readonly #security: number;
  readonly #call: 'BackupWrite' | 'BackupRead';
  #context: [unknown] = [null];
  #begun = false;

  constructor(call: 'BackupWrite' | 'BackupRead', file: FileHandle, security: boolean) {
    this.#call = call;
    this.#file = file;
    this.#security = security ? 1 : 0;
  }

  async run(buffer: Buffer): Promise<BackupResult> {
    const length: [number] = [0];
    this.#begun = true;
    const done = Number(
      await api.call(this.#call, this.#file, buffer, buffer.length, length, 0, this.#security, this.#context),
    );
    return done !== 0 ? { error: 0, length: length[0] } : { error: this.#why(buffer), length: length[0] };
  }

  /** Gives the context back. */
  async finish(): Promise<void> {
    if (!this.#begun) return;
    this.#begun = false;
    await api.call(this.#call, this.#file, null, 0, [0], 1, this.#security, this.#context);
  }

  #why(buffer: Buffer): number {
    const again = Number(
      api.callSync(
        `${this.#call}Again`,
        this.#file,
        buffer,
        buffer.length,
        [0],
        0,
        this.#security,
        this.#context,
      ),
    );
    return again !== 0 ? unknownError : Number(kernel32.callSync('GetLastError')) || unknownError;
  }
}

export class BackupWriter {
  readonly #pass: BackupPass;

  /** `security`: descriptors in the stream are applied. */
  constructor(file: FileHandle, security: boolean) {
    this.#pass = new BackupPass('BackupWrite', file, security);
  }

  /** Takes all of the bytes or gives a Win32 error. */
  async write(bytes: Buffer): Promise<number> {
    for (let rest = bytes; rest.length > 0;) {
      const { error, length } = await this.#pass.run(rest);
      if (error !== 0) return error;
      if (length === 0) return unknownError;
      rest = rest.subarray(length);
    }
    return 0;
  }

  finish(): Promise<void> {
    return this.#pass.finish();
  }
}

export class BackupReader {
  readonly #pass: BackupPass;

  constructor(file: FileHandle, security: boolean) {
    this.#pass = new BackupPass('BackupRead', file, security);
  }

  /** The next bytes of the stream in `buffer`; length 0 at its end. */
  read(buffer: Buffer): Promise<BackupResult> {
    return this.#pass.run(buffer);
  }

  finish(): Promise<void> {
    return this.#pass.finish();
  }
}
