/**
 * `--chown` for Windows images (dockerfile.md 2.4): the owner is the account, which gets modify rights beside full control
 * for administrators and the system. Only accounts whose SID is known without running the image can be named.
 */
import { own } from '../text/own.ts';

const accounts: Readonly<Record<string, string>> = {
  containeradministrator: 'S-1-5-93-2-1',
  containeruser: 'S-1-5-93-2-2',
  administrators: 'S-1-5-32-544',
  'builtin\\administrators': 'S-1-5-32-544',
  users: 'S-1-5-32-545',
  'builtin\\users': 'S-1-5-32-545',
  guests: 'S-1-5-32-546',
  'builtin\\guests': 'S-1-5-32-546',
  everyone: 'S-1-1-0',
  system: 'S-1-5-18',
  'nt authority\\system': 'S-1-5-18',
  'local service': 'S-1-5-19',
  'nt authority\\local service': 'S-1-5-19',
  'network service': 'S-1-5-20',
  'nt authority\\network service': 'S-1-5-20',
  'authenticated users': 'S-1-5-11',
  'nt authority\\authenticated users': 'S-1-5-11',
};

const administrators = 'S-1-5-32-544';
const system = 'S-1-5-18';

/** `FA` */
const fullControl = 0x1f01ff;
/** `GRGWGXRCWDSD` as file rights: read, write, execute, delete, and read and write the list itself. */
const modify = 0x1701bf;
const inheritToObjectsAndFolders = 0x03;

/** The SID of an account name or SID text; undefined when it would take the image to tell. */
export function sidOfAccount(account: string): string | undefined {
  if (/^S-1(?:-\d+){2,16}$/i.test(account)) return account.toUpperCase();
  return own(accounts, account.toLowerCase());
}

/** The self-relative security descriptor for files of that owner, base64. */
export function ownedSecurityDescriptor(sid: string): string {
  const owner = sidBytes(sid);
  const list = accessList([
    [sidBytes(administrators), fullControl],
    [sidBytes(system), fullControl],
    [owner, modify],
  ]);
  const header = Buffer.alloc(20);
  header[0] = 1;
  // Self-relative, DACL present, DACL protected from inheritance.
  header.writeUInt16LE(0x8000 | 0x0004 | 0x1000, 2);
  header.writeUInt32LE(20, 4);
  header.writeUInt32LE(20, 8);
  header.writeUInt32LE(0, 12);
  header.writeUInt32LE(20 + owner.length, 16);
  return Buffer.concat([header, owner, list]).toString('base64');
}

function accessList(entries: readonly (readonly [sid: Buffer, mask: number])[]): Buffer {
  const aces = entries.map(([sid, mask]) => {
    const ace = Buffer.alloc(8 + sid.length);
    ace[1] = inheritToObjectsAndFolders;
    ace.writeUInt16LE(ace.length, 2);
    ace.writeUInt32LE(mask >>> 0, 4);
    sid.copy(ace, 8);
    return ace;
  });
  const header = Buffer.alloc(8);
  header[0] = 2;
  header.writeUInt16LE(8 + aces.reduce((sum, ace) => sum + ace.length, 0), 2);
  header.writeUInt16LE(aces.length, 4);
  return Buffer.concat([header, ...aces]);
}

function sidBytes(sid: string): Buffer {
  const [revision, authority, ...subAuthorities] = sid.split('-').slice(1).map(Number);
  const bytes = Buffer.alloc(8 + subAuthorities.length * 4);
  bytes[0] = revision!;
  bytes[1] = subAuthorities.length;
  bytes.writeUIntBE(authority!, 2, 6);
  subAuthorities.forEach((value, index) => bytes.writeUInt32LE(value >>> 0, 8 + index * 4));
  return bytes;
}
