/**
 * Utility VMs open disks as the group NT VIRTUAL MACHINE\Virtual Machines, S-1-5-83-0 (windows-layers.md 4.3). HCS has a call
 * that lets it read; scratches are written to as well, and older builds lack the call, so the list of rights is edited here.
 */
import { access, isFailure, setSecurity, win32Error } from './ffi/ntdll.ts';
import { HostFileError } from './host-file-error.ts';
import { readSecurity } from './layer-objects.ts';
import { NtFile } from './nt-file.ts';

/** FILE_GENERIC_READ, with FILE_GENERIC_WRITE. */
export const vmRights = { read: 0x12_0089, write: 0x12_019f } as const;

const virtualMachines = Buffer.from('010200000000000553000000' + '00000000', 'hex');
const accessAllowed = 0;
const inherited = 0x10;
const daclPresent = 0x4;
const daclAt = 16;
const aclHeader = 8;
const aceHeader = 8;
const daclInformation = 4;

/** A self-relative descriptor with such an entry more; undefined where it has one, or no list, which lets in everybody. */
export function withVmGroup(descriptor: Buffer, rights: number): Buffer | undefined {
  const at = descriptor.readUInt32LE(daclAt);
  if ((descriptor.readUInt16LE(2) & daclPresent) === 0 || at === 0) return undefined;
  const size = descriptor.readUInt16LE(at + 2);
  const count = descriptor.readUInt16LE(at + 4);
  const entries: Buffer[] = [];
  for (let entryAt = at + aclHeader; entries.length < count;) {
    const length = descriptor.readUInt16LE(entryAt + 2);
    entries.push(descriptor.subarray(entryAt, entryAt + length));
    entryAt += length;
  }
  const isOurs = (entry: Buffer): boolean =>
    entry[0] === accessAllowed &&
    entry.subarray(aceHeader).equals(virtualMachines) &&
    (entry.readUInt32LE(4) & rights) === rights;
  if (entries.some(isOurs)) return undefined;

  const added = Buffer.alloc(aceHeader + virtualMachines.length);
  added.writeUInt16LE(added.length, 2);
  added.writeUInt32LE(rights, 4);
  virtualMachines.copy(added, aceHeader);
  // The system's order: what the object says itself, denials first, in front of what it inherits.
  const firstInherited = entries.findIndex((entry) => (entry[1]! & inherited) !== 0);
  entries.splice(firstInherited < 0 ? entries.length : firstInherited, 0, added);

  const header = Buffer.from(descriptor.subarray(at, at + aclHeader));
  const list = Buffer.concat([header, ...entries]);
  list.writeUInt16LE(list.length, 2);
  list.writeUInt16LE(entries.length, 4);
  // The longer list goes to the end; where it was may stay empty.
  const result = Buffer.concat([descriptor, Buffer.alloc(-descriptor.length & 3), list]);
  result.fill(0, at, at + size);
  result.writeUInt32LE(result.length - list.length, daclAt);
  return result;
}

/** Lets utility VMs open a disk. */
export async function grantVmGroup(path: string, rights: number): Promise<void> {
  await using file = await NtFile.open(undefined, path, {
    access: access.read | access.readControl | access.writeDac | access.systemSecurity,
    kind: 'file',
  });
  const descriptor = await readSecurity(file);
  // A file system without rights lets in everybody.
  if (descriptor === undefined) return;
  const changed = withVmGroup(Buffer.from(descriptor, 'base64'), rights);
  if (changed === undefined) return;
  const code = await setSecurity(file.handle, daclInformation, changed);
  if (isFailure(code)) throw new HostFileError('set rights of', path, win32Error(code));
}
