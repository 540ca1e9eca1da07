/**
 * virtdisk.dll (windows-layers.md 4.4). Calls give Win32 codes. A disk that is attached without a permanent lifetime is
 * detached when its handle is closed.
 */
import { defineLibrary } from './library.ts';
import { pointerCell } from './memory.ts';
import { close, controlArguments, controlPrototype } from './ntdll.ts';
import type { FileHandle } from './ntdll.ts';

const api = defineLibrary('virtdisk.dll', {
  OpenVirtualDisk: {
    proto:
      'uint32_t __stdcall OpenVirtualDisk(void *storageType, str16 path, uint32_t access, uint32_t flags, void *parameters, _Out_ void **handle)',
    mode: 'async',
  },
  AttachVirtualDisk: {
    proto:
      'uint32_t __stdcall AttachVirtualDisk(void *handle, void *descriptor, uint32_t flags, uint32_t providerFlags, void *parameters, void *overlapped)',
    mode: 'async',
  },
  DetachVirtualDisk: {
    proto: 'uint32_t __stdcall DetachVirtualDisk(void *handle, uint32_t flags, uint32_t providerFlags)',
    mode: 'async',
  },
});

const volumes = defineLibrary('virtdisk-volume.dll', {
  NtFsControlFile: { proto: controlPrototype('NtFsControlFile'), mode: 'async' },
  NtDeviceIoControlFile: { proto: controlPrototype('NtDeviceIoControlFile'), mode: 'async' },
});

/** IOCTL_DISK_GET_LENGTH_INFO, FSCTL_EXTEND_VOLUME. */
const getLength = 0x0007_405c;
const extendCode = 0x0009_00f0;

/** CACHED_IO | IGNORE_RELATIVE_PARENT_LOCATOR: a copied disk's relative parent is not where it says. */
const openFlags = 0x8 | 0x80;
/** The C union is larger than what version 2 uses. */
const openParametersSize = 48;
/** BYPASS_DEFAULT_ENCRYPTION_POLICY. */
const attachFlags = 0x20;

export type DiskHandle = FileHandle;

/** `code` 0 with the handle, or a Win32 code. */
export async function openDisk(path: string): Promise<{ code: number; handle: DiskHandle | undefined }> {
  const storageType = Buffer.alloc(20);
  const parameters = Buffer.alloc(openParametersSize);
  parameters.writeUInt32LE(2, 0);
  const cell = pointerCell();
  const code = Number(await api.call('OpenVirtualDisk', storageType, path, 0, openFlags, parameters, cell));
  return { code, handle: code === 0 ? (cell[0] as DiskHandle) : undefined };
}

export async function attachDisk(handle: DiskHandle): Promise<number> {
  const parameters = Buffer.alloc(24);
  parameters.writeUInt32LE(1, 0);
  return Number(await api.call('AttachVirtualDisk', handle, null, attachFlags, 0, parameters, null));
}

export async function detach(handle: DiskHandle): Promise<number> {
  return Number(await api.call('DetachVirtualDisk', handle, 0, 0));
}

export const closeDisk = (handle: DiskHandle): Promise<void> => close(handle);

/** Takes a disk off the system that somebody left attached. False when it is not there or stays. */
export async function detachDisk(path: string): Promise<boolean> {
  const { handle } = await openDisk(path);
  if (handle === undefined) return false;
  try {
    return (await detach(handle)) === 0;
  } finally {
    await closeDisk(handle);
  }
}

const unsigned = (value: unknown): number => Number(value) >>> 0;

/** Bytes of the partition that a volume is on; or an NTSTATUS. */
export async function partitionLength(volume: FileHandle): Promise<{ status: number; bytes: bigint }> {
  const output = Buffer.alloc(8);
  const code = await volumes.call(
    'NtDeviceIoControlFile',
    ...controlArguments(volume, getLength, null, output),
  );
  return { status: unsigned(code), bytes: output.readBigInt64LE(0) };
}

/** Lets a volume take so many sectors. NTSTATUS. */
export async function extendVolume(volume: FileHandle, sectors: bigint): Promise<number> {
  const input = Buffer.alloc(8);
  input.writeBigInt64LE(sectors);
  return unsigned(
    await volumes.call('NtFsControlFile', ...controlArguments(volume, extendCode, input, null)),
  );
}
