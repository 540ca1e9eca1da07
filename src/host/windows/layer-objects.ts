/**
 * Objects of a layer on disk, written and read as backup streams (windows-layers.md 3): into a base layer itself, or as
 * legacy files of the folder that ImportLayer takes.
 */
import { LayerError } from '../../layer/layer-error.ts';
import { fileAttribute } from '../../layer/metadata.ts';
import type { WindowsMetadata } from '../../layer/metadata.ts';
import { filetimeOf } from './backup-stream.ts';
import { descriptorOfText } from './ffi/advapi32.ts';
import { BackupReader, BackupWriter } from './ffi/backup.ts';
import { access, isFailure, share, status, win32Error } from './ffi/ntdll.ts';
import { HostFileError } from './host-file-error.ts';
import { NtFile, readWrite } from './nt-file.ts';
import type { BasicInformation } from './nt-file.ts';

/** What FILE_BASIC_INFORMATION may set; everything else comes from streams or the volume. */
const settable =
  fileAttribute.readOnly |
  fileAttribute.hidden |
  fileAttribute.system |
  fileAttribute.archive |
  fileAttribute.normal |
  fileAttribute.offline |
  0x100 |
  0x2000;

/** Times of a tar entry. Absent ones: the creation is the last write, the rest stays what Windows gives. */
export function basicInformationOf(metadata: WindowsMetadata, attributes: number): BasicInformation {
  const modified = filetimeOf(metadata.modified);
  return {
    created: metadata.created === undefined ? modified : filetimeOf(metadata.created),
    accessed: metadata.accessed === undefined ? modified : filetimeOf(metadata.accessed),
    modified,
    changed: metadata.changed === undefined ? modified : filetimeOf(metadata.changed),
    attributes,
  };
}

/** Attributes that a real file or directory can be given. Never 0, which would mean "as they are". */
export function settableAttributes(metadata: WindowsMetadata, isDirectory: boolean): number {
  const wanted = metadata.attributes & settable;
  if (isDirectory) return (wanted & ~fileAttribute.normal) | fileAttribute.directory;
  return wanted === 0 ? fileAttribute.normal : wanted;
}

/** Old images have descriptors as text: turned into the binary form here, so that streams carry one kind only. */
export function withBinarySecurity(metadata: WindowsMetadata, name: string): WindowsMetadata {
  const { securityText, securityDescriptor } = metadata;
  if (securityText === undefined || securityDescriptor !== undefined) return metadata;
  const bytes = descriptorOfText(securityText);
  if (bytes === undefined)
    throw new LayerError('LAYER_METADATA_INVALID', `${name}: MSWINDOWS.sd is not a security descriptor`, {
      entry: name,
    });
  return { ...metadata, securityDescriptor: bytes.toString('base64') };
}

/** One object being written: bytes of its backup stream go in, in any pieces. */
export interface ObjectWriter {
  write(bytes: Buffer): Promise<void>;
  close(): Promise<void>;
}

/** The object itself, restored by BackupWrite. */
export async function restoreObject(
  root: NtFile,
  path: string,
  kind: 'file' | 'directory',
  metadata: WindowsMetadata,
): Promise<ObjectWriter> {
  const file = await NtFile.open(root, path, {
    access: readWrite,
    share: kind === 'directory' ? share.all : share.read,
    // Directories exist: they are made before they are described.
    make: kind === 'directory' ? 'openIf' : 'create',
    kind,
  });
  const writer = new BackupWriter(file.handle, true);
  return {
    async write(bytes) {
      const error = await writer.write(bytes);
      if (error !== 0) throw new HostFileError('restore', file.path, error);
    },
    async close() {
      try {
        await writer.finish();
        // Last: what is written changes the time of the last write.
        const attributes = settableAttributes(metadata, kind === 'directory');
        await file.setBasicInformation(basicInformationOf(metadata, attributes));
      } finally {
        await file.close();
      }
    },
  };
}

/** A plain file that carries bytes: the legacy file of an object (its attributes come first), or a hive. */
export async function carryObject(
  root: NtFile,
  path: string,
  metadata: WindowsMetadata,
  hasAttributes: boolean,
): Promise<ObjectWriter> {
  const file = await NtFile.open(root, path, {
    access: access.read | access.write,
    share: share.read,
    make: 'create',
    kind: 'file',
  });
  let offset = 0;
  const write = async (bytes: Buffer): Promise<void> => {
    await file.write(bytes, offset);
    offset += bytes.length;
  };
  if (hasAttributes) {
    const attributes = Buffer.alloc(4);
    attributes.writeUInt32LE(metadata.attributes >>> 0);
    try {
      await write(attributes);
    } catch (error) {
      await file.close();
      throw error;
    }
  }
  return {
    write,
    async close() {
      try {
        await file.setBasicInformation(basicInformationOf(metadata, 0));
      } finally {
        await file.close();
      }
    },
  };
}

/** A file with everything that Windows knows of it, under another name. For hard links beyond the limit, and BCD stores. */
export async function copyObject(
  fromRoot: NtFile,
  from: string,
  toRoot: NtFile,
  to: string,
  security = true,
): Promise<void> {
  await using source = await NtFile.open(fromRoot, from, {
    access: access.read | (security ? access.systemSecurity : 0),
    share: share.all,
  });
  const basic = await source.basicInformation();
  const isDirectory = (basic.attributes & fileAttribute.directory) !== 0;
  await using target = await NtFile.open(toRoot, to, {
    access: readWrite,
    share: share.read,
    make: 'create',
    kind: isDirectory ? 'directory' : 'file',
  });
  const reader = new BackupReader(source.handle, security);
  const writer = new BackupWriter(target.handle, security);
  try {
    const buffer = Buffer.alloc(256 << 10);
    for (;;) {
      const { error, length } = await reader.read(buffer);
      if (error !== 0) throw new HostFileError('read', source.path, error);
      if (length === 0) break;
      const failed = await writer.write(buffer.subarray(0, length));
      if (failed !== 0) throw new HostFileError('restore', target.path, failed);
    }
  } finally {
    await reader.finish();
    await writer.finish();
  }
  const attributes = basic.attributes & settable;
  await target.setBasicInformation({ ...basic, attributes: attributes || fileAttribute.normal });
}

/**
 * Gives a file one more name. At the limit of names that NTFS has (1,024) the file is copied, and the copy's name is given
 * back: further names should be the copy's.
 */
export async function linkOrCopy(
  fromRoot: NtFile,
  from: string,
  toRoot: NtFile,
  to: string,
): Promise<'linked' | 'copied'> {
  await using source = await NtFile.open(fromRoot, from, { access: access.writeAttributes, kind: 'file' });
  const code = await source.link(toRoot, to);
  if (!isFailure(code)) return 'linked';
  if (code !== status.tooManyLinks)
    throw new HostFileError('link', `${toRoot.path}\\${to}`, win32Error(code));
  await copyObject(fromRoot, from, toRoot, to);
  return 'copied';
}

/** The self-relative security descriptor of an open object, base64; undefined where the file system has none. */
export async function readSecurity(file: NtFile): Promise<string | undefined> {
  const reader = new BackupReader(file.handle, true);
  try {
    const header = Buffer.alloc(20);
    const { error, length } = await reader.read(header);
    if (error !== 0 || length < header.length || header.readUInt32LE(0) !== 3) return undefined;
    const bytes = Buffer.alloc(Math.min(Number(header.readBigUInt64LE(8)), 1 << 16));
    const read = await reader.read(bytes);
    return read.error === 0 && read.length === bytes.length ? bytes.toString('base64') : undefined;
  } finally {
    await reader.finish();
  }
}
