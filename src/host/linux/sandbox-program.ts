/**
 * Programs of the sandbox helper (`native/sandbox/sandbox.h`): an ordered list of steps, and their bytes. A step is its name
 * and its words; a name that begins with `-` may fail.
 */
export type SandboxStep = readonly [name: string, ...words: (string | number | Uint8Array)[]];

/** Flags of the `bind` and `restrict` steps. */
export const BIND = { recursive: 1, readOnly: 2, noSuid: 4, noDev: 8, noExec: 16 } as const;

/** Kernel flags of mount(2) and unshare(2) that plans use. */
export const MS = {
  readOnly: 1,
  noSuid: 2,
  noDev: 4,
  noExec: 8,
  bind: 4096,
  recursive: 16384,
  private: 1 << 18,
} as const;
export const CLONE = {
  mounts: 0x00020000,
  hostname: 0x04000000,
  ipc: 0x08000000,
  users: 0x10000000,
  processes: 0x20000000,
  network: 0x40000000,
} as const;

/** Flags of personality(2). */
export const PERSONALITY = { noRandomize: 0x0040000 } as const;

/** u32 length, then per step u16 count and per word u32 length, bytes, NUL. */
export function encodeProgram(steps: readonly SandboxStep[]): Buffer {
  const parts: Uint8Array[] = [];
  for (const step of steps) {
    const count = Buffer.alloc(2);
    count.writeUInt16LE(step.length);
    parts.push(count);
    for (const word of step) {
      const bytes = word instanceof Uint8Array ? word : Buffer.from(String(word));
      const length = Buffer.alloc(4);
      length.writeUInt32LE(bytes.length);
      parts.push(length, bytes, nul);
    }
  }
  const body = Buffer.concat(parts);
  const head = Buffer.alloc(4);
  head.writeUInt32LE(body.length);
  return Buffer.concat([head, body]);
}

const nul = Buffer.alloc(1);
