/**
 * kernel32.dll: what the processor and volumes say of themselves, and when a process began. All answer at once, but for
 * volumes, which may be on a network.
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
