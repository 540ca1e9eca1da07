/**
 * Files of layers, whatever their owner and lists of rights say: opened with the backup privileges, below a root handle, and
 * never through a reparse point (windows-layers.md 4.2). Failures are `HostFileError`s with the Win32 code that people know.
 */
import { win32 } from 'node:path';
import {
  access,
  close,
  disposition,
  fsControl,
  informationClass,
  isFailure,
  openFile,
  option,
  queryDirectory,
  queryInformation,
  readAt,
  setInformation,
  share,
  status,
  win32Error,
  writeAt,
} from './ffi/ntdll.ts';
import type { FileHandle, OpenFileOptions } from './ffi/ntdll.ts';
import { HostFileError } from './host-file-error.ts';
import { fileAttribute } from '../../layer/metadata.ts';

/** FILE_BASIC_INFORMATION: 100 ns since 1601; 0 leaves a value as it is. */
export interface BasicInformation {
  readonly created: bigint;
  readonly accessed: bigint;
  readonly modified: bigint;
  readonly changed: bigint;
  readonly attributes: number;
}

export interface DirectoryItem {
  readonly name: string;
  readonly attributes: number;
  readonly size: number;
  readonly reparseTag: number;
  readonly information: BasicInformation;
}

export interface OpenOptions {
  readonly access?: number;
  readonly share?: number;
  /** `open` by default. */
  readonly make?: 'open' | 'create' | 'openIf';
  /** Anything by default. */
  readonly kind?: 'file' | 'directory';
}

const dispositions = { open: disposition.open, create: disposition.create, openIf: disposition.openIf };
const getReparsePoint = 0x0009_00a8;
const maxReparseBytes = 16 << 10;
/** Full, id: the tag of a reparse point is where the size of extended attributes would be. */
const listOffsets = { size: 40, attributes: 56, nameLength: 60, tag: 64, name: 80 } as const;

/** `C:\x` as the kernel spells it; `\\?\` and network paths too. */
export function ntPath(path: string): string {
  if (path.startsWith('\\\\?\\') || path.startsWith('\\\\.\\')) return `\\??\\${path.slice(4)}`;
  if (path.startsWith('\\\\')) return `\\??\\UNC\\${path.slice(2)}`;
  return `\\??\\${win32.resolve(path)}`;
}

export const readWrite =
  access.read | access.write | access.writeDac | access.writeOwner | access.systemSecurity;

export class NtFile implements AsyncDisposable {
  readonly handle: FileHandle;
  /** For messages. */
  readonly path: string;
  #open = true;

  private constructor(handle: FileHandle, path: string) {
    this.handle = handle;
    this.path = path;
  }

  /** `root` undefined: `path` is absolute, and links in it are followed (it is the engine's own folder). */
  static async open(root: NtFile | undefined, path: string, options: OpenOptions = {}): Promise<NtFile> {
    const opened = await NtFile.tryOpen(root, path, options);
    if (opened instanceof NtFile) return opened;
    throw new HostFileError('open', nameOf(root, path), win32Error(opened));
  }

  /** The NTSTATUS in place of an error. */
  static async tryOpen(
    root: NtFile | undefined,
    path: string,
    options: OpenOptions = {},
  ): Promise<NtFile | number> {
    const kind =
      options.kind === undefined ? 0 : options.kind === 'directory' ? option.directory : option.nonDirectory;
    const request: OpenFileOptions = {
      access: options.access ?? access.read,
      share: options.share ?? share.all,
      disposition: dispositions[options.make ?? 'open'],
      options: option.backupIntent | option.openReparsePoint | kind,
      attributes: fileAttribute.normal,
      followParents: root === undefined,
    };
    const ntName = root === undefined ? ntPath(path) : path;
    const opened = await openFile(root?.handle, ntName, request);
    return opened.handle === undefined ? opened.status : new NtFile(opened.handle, nameOf(root, path));
  }

  async basicInformation(): Promise<BasicInformation> {
    const { status: code, information } = await queryInformation(this.handle, 40, informationClass.basic);
    this.#check('query', code);
    return decodeBasic(information, 0, 32);
  }

  async setBasicInformation(basic: BasicInformation): Promise<void> {
    const information = Buffer.alloc(40);
    information.writeBigInt64LE(basic.created, 0);
    information.writeBigInt64LE(basic.accessed, 8);
    information.writeBigInt64LE(basic.modified, 16);
    information.writeBigInt64LE(basic.changed, 24);
    information.writeUInt32LE(basic.attributes, 32);
    this.#check('set times of', await setInformation(this.handle, information, informationClass.basic));
  }

  /** How many names the file has, and how large it is. */
  async standardInformation(): Promise<{ size: number; links: number; isDirectory: boolean }> {
    const { status: code, information } = await queryInformation(this.handle, 24, informationClass.standard);
    this.#check('query', code);
    return {
      size: Number(information.readBigInt64LE(8)),
      links: information.readUInt32LE(16),
      isDirectory: information[21] !== 0,
    };
  }

  /** What all names of a file share. */
  async fileId(): Promise<string> {
    const { status: code, information } = await queryInformation(this.handle, 8, informationClass.internal);
    this.#check('query', code);
    return information.toString('hex');
  }

  /** Gives the file one more name, relative to `root`. NTSTATUS: the limit of names is no error to the caller. */
  async link(root: NtFile, name: string): Promise<number> {
    const nameBytes = Buffer.from(name, 'utf16le');
    const information = Buffer.alloc(20 + nameBytes.length + 4);
    information.writeBigInt64LE(BigInt.asIntN(64, root.handle), 8);
    information.writeUInt32LE(nameBytes.length, 16);
    nameBytes.copy(information, 20);
    return setInformation(this.handle, information, informationClass.link);
  }

  /** Deletes it at once where Windows can (also while others look at it, and read-only files), else with its last handle. */
  async remove(): Promise<number> {
    const flags = Buffer.alloc(4);
    // DELETE, POSIX_SEMANTICS, IGNORE_READONLY_ATTRIBUTE: Windows build 17763.
    flags.writeUInt32LE(0x1 | 0x2 | 0x10, 0);
    const code = await setInformation(this.handle, flags, informationClass.dispositionEx);
    const isUnknown: number[] = [
      status.invalidInfoClass,
      status.invalidParameter,
      status.notImplemented,
      status.notSupported,
    ];
    if (!isUnknown.includes(code)) return code;
    return setInformation(this.handle, Buffer.from([1]), informationClass.disposition);
  }

  /** The children of a directory, without `.` and `..`. */
  async list(): Promise<DirectoryItem[]> {
    const items: DirectoryItem[] = [];
    const buffer = Buffer.alloc(64 << 10);
    for (let restart = true; ; restart = false) {
      const { status: code, length } = await queryDirectory(this.handle, buffer, restart);
      if (code === status.noMoreFiles || code === status.noSuchFile) return items;
      this.#check('list', code);
      if (length === 0) return items;
      for (let at = 0; ;) {
        const item = decodeItem(buffer, at);
        if (item.name !== '.' && item.name !== '..') items.push(item);
        const next = buffer.readUInt32LE(at);
        if (next === 0) break;
        at += next;
      }
    }
  }

  /** REPARSE_DATA_BUFFER; undefined for anything else than a reparse point. */
  async reparsePoint(): Promise<Buffer | undefined> {
    const output = Buffer.alloc(maxReparseBytes);
    const code = await fsControl(this.handle, getReparsePoint, null, output);
    if (isFailure(code)) return undefined;
    return output.subarray(0, 8 + output.readUInt16LE(4));
  }

  async read(buffer: Buffer, offset: number): Promise<number> {
    const { status: code, length } = await readAt(this.handle, buffer, BigInt(offset));
    this.#check('read', code);
    return length;
  }

  async write(bytes: Buffer, offset: number): Promise<void> {
    this.#check('write', await writeAt(this.handle, bytes, BigInt(offset)));
  }

  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    await close(this.handle);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #check(verb: string, code: number): void {
    if (isFailure(code)) throw new HostFileError(verb, this.path, win32Error(code));
  }
}

function nameOf(root: NtFile | undefined, path: string): string {
  if (root === undefined) return path;
  return path === '' ? root.path : `${root.path}\\${path}`;
}

function decodeBasic(bytes: Buffer, at: number, attributesAt: number): BasicInformation {
  return {
    created: bytes.readBigInt64LE(at),
    accessed: bytes.readBigInt64LE(at + 8),
    modified: bytes.readBigInt64LE(at + 16),
    changed: bytes.readBigInt64LE(at + 24),
    attributes: bytes.readUInt32LE(at + attributesAt),
  };
}

function decodeItem(buffer: Buffer, at: number): DirectoryItem {
  const information = decodeBasic(buffer, at + 8, listOffsets.attributes - 8);
  const nameAt = at + listOffsets.name;
  return {
    name: buffer.toString('utf16le', nameAt, nameAt + buffer.readUInt32LE(at + listOffsets.nameLength)),
    attributes: information.attributes,
    size: Number(buffer.readBigInt64LE(at + listOffsets.size)),
    reparseTag:
      (information.attributes & fileAttribute.reparsePoint) === 0
        ? 0
        : buffer.readUInt32LE(at + listOffsets.tag),
    information,
  };
}
