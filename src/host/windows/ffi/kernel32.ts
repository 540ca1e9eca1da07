/**
 * kernel32.dll: what the processor and volumes say of themselves. All answer at once, but for volumes, which may be on a
 * network.
 */
import { declareStruct, defineLibrary } from './library.ts';

const api = defineLibrary('kernel32.dll', {
  IsProcessorFeaturePresent: {
    proto: 'int32_t __stdcall IsProcessorFeaturePresent(uint32_t feature)',
    mode: 'sync',
  },
  GetVolumePathNameW: {
    proto: 'int32_t __stdcall GetVolumePathNameW(str16 path, void *buffer, uint32_t length)',
    mode: 'async',
  },
  GetVolumeInformationW: {
    proto:
      'int32_t __stdcall GetVolumeInformationW(str16 root, void *name, uint32_t nameLength, void *serial, void *component, void *flags, void *fileSystem, uint32_t fileSystemLength)',
    mode: 'async',
  },
  GetDiskFreeSpaceExW: {
    proto:
      'int32_t __stdcall GetDiskFreeSpaceExW(str16 folder, _Out_ PORTHOLE_U64 *available, _Out_ PORTHOLE_U64 *total, _Out_ PORTHOLE_U64 *free)',
    mode: 'async',
  },
  TerminateProcess: {
    proto: 'int32_t __stdcall TerminateProcess(void *process, uint32_t code)',
    mode: 'sync',
  },
  FormatMessageW: {
    proto:
      'uint32_t __stdcall FormatMessageW(uint32_t flags, void *source, uint32_t message, uint32_t language, void *buffer, uint32_t length, void *arguments)',
    mode: 'sync',
  },
});

declareStruct('PORTHOLE_U64', { value: 'uint64_t' });

/** PF_VIRT_FIRMWARE_ENABLED. */
const virtualizationEnabled = 21;

/** Hardware virtualization is on in firmware. Also false below a hypervisor that does not pass it on. */
export function hasFirmwareVirtualization(): boolean {
  return Number(api.callSync('IsProcessorFeaturePresent', virtualizationEnabled)) !== 0;
}

const text = (buffer: Buffer): string => buffer.toString('utf16le').replace(/\0.*$/s, '');

/** File system and space of the volume that a folder lies on; the folder must exist. */
export async function volumeOf(folder: string): Promise<{
  readonly fileSystem: string | undefined;
  readonly freeBytes: number | undefined;
  readonly totalBytes: number | undefined;
}> {
  const root = Buffer.alloc(2 * 1024);
  const hasRoot = Number(await api.call('GetVolumePathNameW', folder, root, 1024)) !== 0;
  const name = Buffer.alloc(2 * 64);
  const known =
    hasRoot &&
    Number(await api.call('GetVolumeInformationW', text(root), null, 0, null, null, null, name, 64)) !== 0;
  const available: { value?: number | bigint } = {};
  const total: { value?: number | bigint } = {};
  const measured = Number(await api.call('GetDiskFreeSpaceExW', folder, available, total, {})) !== 0;
  return {
    fileSystem: known ? text(name) : undefined,
    freeBytes: measured ? Number(available.value ?? 0) : undefined,
    totalBytes: measured ? Number(total.value ?? 0) : undefined,
  };
}

/** FROM_SYSTEM | IGNORE_INSERTS | MAX_WIDTH_MASK: one line. */
const messageFlags = 0x1000 | 0x200 | 0xff;

/** What Windows says to a Win32 code, with its full stop; the bare code where it says nothing. */
export function systemMessage(code: number): string {
  return messageOf(code) ?? `error ${code}`;
}

/** The same for an HRESULT of any part of the system. Undefined: nobody has a text for it. */
export function hresultMessage(hresult: number): string | undefined {
  const code = hresult >>> 0;
  return messageOf((code & 0x1fff0000) === 0x00070000 ? code & 0xffff : code);
}

function messageOf(code: number): string | undefined {
  const buffer = Buffer.alloc(2 * 1024);
  const length = Number(api.callSync('FormatMessageW', messageFlags, null, code, 0, buffer, 1024, null));
  return buffer.toString('utf16le', 0, length * 2).trim() || undefined;
}

/** Ends this process now, without waiting for its threads. */
export function terminateSelf(code: number): void {
  const currentProcess = -1n;
  api.callSync('TerminateProcess', currentProcess, code >>> 0);
}
