/**
 * Deletes a tree whatever its owners and lists of rights say, without ever following a link out of it: the backup
 * privileges first, then ownership, then the list of rights (users.md P13).
 */
import { fileAttribute } from '../../layer/metadata.ts';
import { access, isFailure, setSecurity, status, win32Error } from './ffi/ntdll.ts';
import { HostFileError } from './host-file-error.ts';
import { NtFile } from './nt-file.ts';

const gone: readonly number[] = [status.nameNotFound, status.pathNotFound, status.deletePending];
const ownerInformation = 1;
const daclInformation = 4;

/** `O:BA`, and full control for administrators and the system, inherited by everything below. */
const administratorsOnly = Buffer.from(
  'AQAEgBQAAAAAAAAAAAAAACQAAAABAgAAAAAABSAAAAAgAgAAAgA0AAIAAAAAAxgA/wEfAAECAAAAAAAFIAAAACACAAAAAxQA/wEfAAEBAAAAAAAFEgAAAA==',
  'base64',
);

/** `path` below `root`; nothing there is success. */
export async function removeTree(root: NtFile, path: string, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  const wanted = access.delete | access.listDirectory | access.readAttributes | access.writeAttributes;
  let found = await NtFile.tryOpen(root, path, { access: wanted });
  if (found === status.accessDenied && (await takeOver(root, path)))
    found = await NtFile.tryOpen(root, path, { access: wanted });
  if (!(found instanceof NtFile)) {
    if (gone.includes(found)) return;
    throw new HostFileError('remove', `${root.path}\\${path}`, win32Error(found));
  }
  const name = found.path;
  try {
    const { attributes, ...times } = await found.basicInformation();
    const isDirectory = (attributes & fileAttribute.directory) !== 0;
    const isLink = (attributes & fileAttribute.reparsePoint) !== 0;
    if (isDirectory && !isLink)
      for (const child of await found.list()) await removeTree(root, `${path}\\${child.name}`, signal);
    let code = await found.remove();
    if (code === status.cannotDelete) {
      const kept = isDirectory ? fileAttribute.directory : fileAttribute.normal;
      await found.setBasicInformation({ ...times, attributes: kept });
      code = await found.remove();
    }
    if (isFailure(code) && !gone.includes(code)) throw new HostFileError('remove', name, win32Error(code));
  } finally {
    await found.close();
  }
}

/** Makes administrators the owner and lets them do anything. False when not even that is allowed. */
async function takeOver(root: NtFile, path: string): Promise<boolean> {
  const owned = await apply(root, path, access.writeOwner, ownerInformation);
  return owned && (await apply(root, path, access.writeDac, daclInformation));
}

async function apply(root: NtFile, path: string, right: number, information: number): Promise<boolean> {
  const file = await NtFile.tryOpen(root, path, { access: right });
  if (!(file instanceof NtFile)) return false;
  try {
    return !isFailure(await setSecurity(file.handle, information, administratorsOnly));
  } finally {
    await file.close();
  }
}
