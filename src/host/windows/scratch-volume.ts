/** A larger disk is not yet a larger partition, nor that a larger volume (windows-layers.md 4.5). */
import { access, isFailure, win32Error } from './ffi/ntdll.ts';
import { volumeOf } from './ffi/kernel32.ts';
import { extendVolume as extendTo, growPartition, partitionLength } from './ffi/virtdisk.ts';
import { HostFileError } from './host-file-error.ts';
import { NtFile } from './nt-file.ts';
import { VirtualDisk } from './virtual-disk.ts';

const sectorBytes = 512;
const clusterBytes = 4096;

/** Lets the volume of a disk that nobody has attached fill its partition. `mountPath`: where the volume is then. */
export async function growVolume(path: string, mountPath: () => Promise<string>): Promise<void> {
  await using disk = await VirtualDisk.open(path);
  await disk.attach();
  try {
    await extendVolume(await mountPath());
  } finally {
    // Closing it detaches it, too.
    await disk.detach().catch(() => undefined);
  }
}

/** Lets a partition fill its disk. `path`: the volume, without its last backslash. */
export async function growPartitionOf(path: string, diskBytes: number): Promise<void> {
  await using volume = await NtFile.open(undefined, path, { access: access.read | access.write });
  const grown = await growPartition(volume.handle, BigInt(diskBytes));
  if (isFailure(grown)) throw new HostFileError('grow', path, win32Error(grown));
}

/** Lets a volume fill its partition. */
export async function extendVolume(path: string): Promise<void> {
  const { totalBytes } = await volumeOf(`${path}\\`);
  await using volume = await NtFile.open(undefined, path, { access: access.read | access.write });
  const { status: asked, bytes } = await partitionLength(volume.handle);
  if (isFailure(asked)) throw new HostFileError('measure', path, win32Error(asked));
  const partition = bytes / BigInt(clusterBytes);
  const used = BigInt(Math.floor((totalBytes ?? 0) / clusterBytes));
  // The last cluster may be the file system's copy of its boot sector.
  if (used + 1n >= partition) return;
  const sectors = (partition * BigInt(clusterBytes)) / BigInt(sectorBytes);
  const grown = await extendTo(volume.handle, sectors);
  if (isFailure(grown)) throw new HostFileError('extend', path, win32Error(grown));
}
