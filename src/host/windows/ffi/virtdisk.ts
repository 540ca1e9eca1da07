/**
 * virtdisk.dll (windows-layers.md 4.4). Calls give Win32 codes. A disk that is attached without a permanent lifetime is
 * detached when its handle is closed.
 */
import { declareStruct, defineLibrary } from './library.ts';
import { pointerCell } from './memory.ts';
import { close, controlArguments, controlPrototype, isFailure } from './ntdll.ts';
import type { FileHandle } from './ntdll.ts';

const api = defineLibrary('virtdisk.dll', {
  OpenVirtualDisk: {
    proto:
      'uint32_t __stdcall OpenVirtualDisk(void *storageType, str16 path, uint32_t access, uint32_t flags, void *parameters, _Out_ void **handle)',
    mode: 'async',
  },
  CreateVirtualDisk: {
    proto:
      'uint32_t __stdcall CreateVirtualDisk(void *storageType, str16 path, uint32_t access, void *descriptor, uint32_t flags, uint32_t providerFlags, PORTHOLE_CREATE_DISK *parameters, void *overlapped, _Out_ void **handle)',
    mode: 'async',
  },
  ResizeVirtualDisk: {
    proto:
      'uint32_t __stdcall ResizeVirtualDisk(void *handle, uint32_t flags, void *parameters, void *overlapped)',
    mode: 'async',
  },
  GetVirtualDiskPhysicalPath: {
    proto: 'uint32_t __stdcall GetVirtualDiskPhysicalPath(void *handle, void *bytes, void *path)',
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

/** CREATE_VIRTUAL_DISK_PARAMETERS of version 2, 128 bytes; mingw-w64's lacks the physical sector size. */
declareStruct('PORTHOLE_CREATE_DISK', {
  Version: 'uint32_t',
  Unused: 'uint32_t',
  ...words('UniqueId', 2),
  MaximumSize: 'uint64_t',
  BlockSizeInBytes: 'uint32_t',
  SectorSizeInBytes: 'uint32_t',
  PhysicalSectorSizeInBytes: 'uint32_t',
  ParentPath: 'str16',
  SourcePath: 'str16',
  OpenFlags: 'uint32_t',
  StorageTypes: 'uint32_t',
  ...words('Rest', 7),
});

function words(name: string, count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, at) => [`${name}${at}`, 'uint64_t']));
}

/** IOCTL_DISK_GET_LENGTH_INFO, IOCTL_DISK_GET_PARTITION_INFO_EX, IOCTL_DISK_GROW_PARTITION, FSCTL_EXTEND_VOLUME. */
const getLength = 0x0007_405c;
const getPartition = 0x0007_0048;
const growCode = 0x0007_c0d0;
const extendCode = 0x0009_00f0;
const partitionInformationSize = 144;

/** CACHED_IO | IGNORE_RELATIVE_PARENT_LOCATOR: a copied disk's relative parent is not where it says. */
const openFlags = 0x8 | 0x80;
/** The C union is larger than what version 2 uses. */
const openParametersSize = 48;
/** CACHED_IO: for a child, also what is read of its parent. */
const createFlags = 0x8;
/** What HCS itself makes its disks of. */
const blockBytes = 1 << 20;
/** BYPASS_DEFAULT_ENCRYPTION_POLICY. */
const attachFlags = 0x20;
/** The disk stays when its handle is closed, until somebody detaches it. */
const permanentLifetime = 0x4;

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

/** Makes a dynamic disk, or a child of another one. The handle is as `openDisk` gives it. */
export async function createDisk(
  path: string,
  { sizeBytes = 0, parent }: { readonly sizeBytes?: number; readonly parent?: string },
): Promise<{ code: number; handle: DiskHandle | undefined }> {
  const parameters = {
    Version: 2,
    Unused: 0,
    ...zeros('UniqueId', 2),
    MaximumSize: BigInt(sizeBytes),
    BlockSizeInBytes: blockBytes,
    SectorSizeInBytes: 0,
    PhysicalSectorSizeInBytes: 0,
    ParentPath: parent ?? null,
    SourcePath: null,
    OpenFlags: parent === undefined ? 0 : createFlags,
    StorageTypes: 0,
    ...zeros('Rest', 7),
  };
  const cell = pointerCell();
  const code = Number(
    await api.call('CreateVirtualDisk', Buffer.alloc(20), path, 0, null, 0, 0, parameters, null, cell),
  );
  return { code, handle: code === 0 ? (cell[0] as DiskHandle) : undefined };
}

function zeros(name: string, count: number): Record<string, number> {
  return Object.fromEntries(Array.from({ length: count }, (_, at) => [`${name}${at}`, 0]));
}

/** Of a disk that nobody has attached. */
export async function resizeDisk(handle: DiskHandle, bytes: number): Promise<number> {
  const parameters = Buffer.alloc(16);
  parameters.writeUInt32LE(1, 0);
  parameters.writeBigUInt64LE(BigInt(bytes), 8);
  return Number(await api.call('ResizeVirtualDisk', handle, 0, parameters, null));
}

/** `\\.\PhysicalDriveN` of an attached disk. */
export async function devicePath(handle: DiskHandle): Promise<{ code: number; path: string }> {
  const size = Buffer.alloc(4);
  const path = Buffer.alloc(2 * 1024);
  size.writeUInt32LE(path.length);
  const code = Number(await api.call('GetVirtualDiskPhysicalPath', handle, size, path));
  return { code, path: code === 0 ? path.toString('utf16le').replace(/\0.*$/s, '') : '' };
}

/** Without `permanent` it is detached with its handle. */
export async function attachDisk(handle: DiskHandle, permanent = false): Promise<number> {
  const parameters = Buffer.alloc(24);
  parameters.writeUInt32LE(1, 0);
  const flags = attachFlags | (permanent ? permanentLifetime : 0);
  return Number(await api.call('AttachVirtualDisk', handle, null, flags, 0, parameters, null));
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

/** Lets the partition that a volume is on take a disk of so many bytes, but for the last MiB, GPT's second copy. NTSTATUS. */
export async function growPartition(volume: FileHandle, diskBytes: bigint): Promise<number> {
  const partition = Buffer.alloc(partitionInformationSize);
  const asked = unsigned(
    await volumes.call('NtDeviceIoControlFile', ...controlArguments(volume, getPartition, null, partition)),
  );
  if (isFailure(asked)) return asked;
  const end = partition.readBigInt64LE(8) + partition.readBigInt64LE(16);
  const more = diskBytes - end - (1n << 20n);
  if (more <= 0n) return 0;
  const input = Buffer.alloc(16);
  input.writeUInt32LE(partition.readUInt32LE(24), 0);
  input.writeBigInt64LE(more, 8);
  return unsigned(
    await volumes.call('NtDeviceIoControlFile', ...controlArguments(volume, growCode, input, null)),
  );
}

/** Lets a volume take so many sectors. NTSTATUS. */
export async function extendVolume(volume: FileHandle, sectors: bigint): Promise<number> {
  const input = Buffer.alloc(8);
  input.writeBigInt64LE(sectors);
  return unsigned(
    await volumes.call('NtFsControlFile', ...controlArguments(volume, extendCode, input, null)),
  );
}
