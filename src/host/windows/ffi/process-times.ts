/** kernel32.dll: when a process began. Alone, because commands that only list load it, and nothing else of the host. */
import { defineLibrary } from './library.ts';

const api = defineLibrary('kernel32.dll', {
  OpenProcess: {
    proto: 'void *__stdcall OpenProcess(uint32_t access, int32_t inherit, uint32_t pid)',
    mode: 'sync',
  },
  GetProcessTimes: {
    proto:
      'int32_t __stdcall GetProcessTimes(void *process, void *created, void *ended, void *kernel, void *user)',
    mode: 'sync',
  },
  CloseHandle: { proto: 'int32_t __stdcall CloseHandle(void *handle)', mode: 'sync' },
  GetLastError: { proto: 'uint32_t __stdcall GetLastError(void)', mode: 'sync' },
});

const queryLimitedInformation = 0x1000;
const accessDenied = 5;

/** Creation in 100 ns since 1601. A process that ended is found as long as somebody holds a handle of it. */
export function processCreation(
  pid: number,
): { readonly created: bigint; readonly hasEnded: boolean } | 'denied' | undefined {
  const process = api.callSync('OpenProcess', queryLimitedInformation, 0, pid);
  if (process === null) return Number(api.callSync('GetLastError')) === accessDenied ? 'denied' : undefined;
  try {
    const [created, ended, kernel, user] = [8, 8, 8, 8].map((size) => Buffer.alloc(size)) as [
      Buffer,
      Buffer,
      Buffer,
      Buffer,
    ];
    const done = Number(api.callSync('GetProcessTimes', process, created, ended, kernel, user));
    if (done === 0) return 'denied';
    return { created: created.readBigUInt64LE(), hasEnded: ended.readBigUInt64LE() !== 0n };
  } finally {
    api.callSync('CloseHandle', process);
  }
}
