import { execFileSync } from 'node:child_process';

/** Compresses by the program of that name, which is part of every Debian (`bzip2`, `xz-utils`). */
export function compressBy(program: 'bzip2' | 'xz', bytes: Uint8Array): Buffer {
  return execFileSync(program, ['-c'], { input: bytes, maxBuffer: 1 << 28 });
}
