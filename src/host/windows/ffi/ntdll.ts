/**
 * ntdll.dll: file calls that say what failed in their return value. Win32's own leave it in the calling thread's last error,
 * which is lost when the call ran on another thread (library.ts). All but the version and the names of errors can block.
 *
 * Ownership: every handle that `openFile` gives is closed once by `close`. Buffers belong to the caller; native code is done
 * with them when the promise settles. Paths: `\??\C:\...` alone, or relative to a root handle; neither has a length limit.
 */
import { declareStruct, defineLibrary } from './library.ts';

export type FileHandle = bigint & { readonly __brand: 'NT_FILE' };

declareStruct('PORTHOLE_UNICODE_STRING', {
  Length: 'uint16_t',
  MaximumLength: 'uint16_t',
  Buffer: 'str16',
});
declareStruct('PORTHOLE_OBJECT_ATTRIBUTES', {
  Length: 'uint32_t',
  RootDirectory: 'void *',
  ObjectName: 'PORTHOLE_UNICODE_STRING *',
  Attributes: 'uint32_t',
  SecurityDescriptor: 'void *',
  SecurityQualityOfService: 'void *',
});

const api = defineLibrary('ntdll.dll', {
  NtCreateFile: {
    proto:
      'uint32_t __stdcall NtCreateFile(_Out_ void **handle, uint32_t access, PORTHOLE_OBJECT_ATTRIBUTES *object, void *status, void *allocation, uint32_t attributes, uint32_t share, uint32_t disposition, uint32_t options, void *ea, uint32_t eaLength)',
    mode: 'async',
  },
  NtClose: { proto: 'uint32_t __stdcall NtClose(void *handle)', mode: 'async' },
  NtQueryDirectoryFile: {
    proto:
      'uint32_t __stdcall NtQueryDirectoryFile(void *handle, void *event, void *apc, void *context, void *status, void *information, uint32_t length, uint32_t class, uint8_t single, void *name, uint8_t restart)',
    mode: 'async',
  },
  NtSetSecurityObject: {
    proto: 'uint32_t __stdcall NtSetSecurityObject(void *handle, uint32_t information, void *descriptor)',
    mode: 'async',
  },
  NtReadFile: {
    proto:
      'uint32_t __stdcall NtReadFile(void *handle, void *event, void *apc, void *context, void *status, void *buffer, uint32_t length, void *offset, void *key)',
    mode: 'async',
  },
  NtWriteFile: {
    proto:
      'uint32_t __stdcall NtWriteFile(void *handle, void *event, void *apc, void *context, void *status, void *buffer, uint32_t length, void *offset, void *key)',
    mode: 'async',
  },
  NtFsControlFile: { proto: controlPrototype('NtFsControlFile'), mode: 'async' },
  RtlNtStatusToDosError: {
    proto: 'uint32_t __stdcall RtlNtStatusToDosError(uint32_t status)',
    mode: 'sync',
  },
  RtlGetVersion: { proto: 'uint32_t __stdcall RtlGetVersion(void *information)', mode: 'sync' },
});

const attributesApi = defineLibrary('backup-attributes.dll', {
  NtSetInformationFile: {
    proto:
      'uint32_t __stdcall NtSetInformationFile(void *handle, void *status, void *information, uint32_t length, uint32_t class)',
    mode: 'async',
  },
  NtQueryInformationFile: {
    proto:
      'uint32_t __stdcall NtQueryInformationFile(void *handle, void *status, void *information, uint32_t length, uint32_t class)',
    mode: 'async',
  },
});

const objectAttributesSize = 48;
const statusBlockSize = 16;
const caseInsensitive = 0x40;
/** Refuses a path with a reparse point in the middle: nothing of a layer can lead out of it (Windows build 14393). */
const dontReparse = 0x1000;

export const access = {
  read: 0x8000_0000,
  write: 0x4000_0000,
  delete: 0x0001_0000,
  readControl: 0x0002_0000,
  writeDac: 0x0004_0000,
  writeOwner: 0x0008_0000,
  synchronize: 0x0010_0000,
  systemSecurity: 0x0100_0000,
  listDirectory: 0x0001,
  readAttributes: 0x0080,
  writeAttributes: 0x0100,
} as const;

export const share = { read: 1, write: 2, delete: 4, all: 7 } as const;
export const disposition = { open: 1, create: 2, openIf: 3 } as const;
export const option = {
  directory: 0x1,
  synchronous: 0x20,
  nonDirectory: 0x40,
  backupIntent: 0x4000,
  openReparsePoint: 0x20_0000,
} as const;

export const informationClass = {
  directoryFull: 38,
  basic: 4,
  standard: 5,
  disposition: 13,
  dispositionEx: 64,
  link: 11,
  internal: 6,
} as const;

export const status = {
  success: 0,
  noMoreFiles: 0x8000_0006,
  noSuchFile: 0xc000_000f,
  endOfFile: 0xc000_0011,
  invalidInfoClass: 0xc000_0003,
  notImplemented: 0xc000_0002,
  invalidParameter: 0xc000_000d,
  accessDenied: 0xc000_0022,
  nameNotFound: 0xc000_0034,
  nameCollision: 0xc000_0035,
  pathNotFound: 0xc000_003a,
  sharingViolation: 0xc000_0043,
  cannotDelete: 0xc000_0121,
  directoryNotEmpty: 0xc000_0101,
  privilegeNotHeld: 0xc000_0061,
  diskFull: 0xc000_007f,
  tooManyLinks: 0xc000_0265,
  notADirectory: 0xc000_0103,
  fileIsADirectory: 0xc000_00ba,
  notSupported: 0xc000_00bb,
  reparseEncountered: 0xc000_050b,
  deletePending: 0xc000_0056,
} as const;

/** Warnings (0x8...) are no success for the calls made here. */
export const isFailure = (code: number): boolean => code >= 0x8000_0000;

const unsigned = (value: unknown): number => Number(value) >>> 0;
const statusBlock = (): Buffer => Buffer.alloc(statusBlockSize);

export interface OpenFileOptions {
  readonly access: number;
  readonly share: number;
  readonly disposition: number;
  readonly options: number;
  /** Attributes of a new file. */
  readonly attributes?: number;
  /** Reparse points in the middle of the path are followed. Never for what lies in a layer. */
  readonly followParents?: boolean;
}

/** `path` is relative to `root` (backslashes, no leading one; empty for the root itself), or an NT path when there is none. */
export async function openFile(
  root: FileHandle | undefined,
  path: string,
  options: OpenFileOptions,
): Promise<{ status: number; handle: FileHandle | undefined }> {
  const cell: [unknown] = [null];
  const length = path.length * 2;
  const object = {
    Length: objectAttributesSize,
    RootDirectory: root ?? null,
    ObjectName: { Length: length, MaximumLength: length, Buffer: path },
    Attributes: caseInsensitive | (options.followParents === true ? 0 : dontReparse),
    SecurityDescriptor: null,
    SecurityQualityOfService: null,
  };
  const code = unsigned(
    await api.call(
      'NtCreateFile',
      cell,
      options.access | access.synchronize,
      object,
      statusBlock(),
      null,
      options.attributes ?? 0,
      options.share,
      options.disposition,
      options.options | option.synchronous,
      null,
      0,
    ),
  );
  return { status: code, handle: isFailure(code) ? undefined : (cell[0] as FileHandle) };
}

export async function close(handle: FileHandle): Promise<void> {
  await api.call('NtClose', handle);
}

export async function setInformation(handle: FileHandle, information: Buffer, kind: number): Promise<number> {
  return unsigned(
    await attributesApi.call(
      'NtSetInformationFile',
      handle,
      statusBlock(),
      information,
      information.length,
      kind,
    ),
  );
}

export async function queryInformation(
  handle: FileHandle,
  bytes: number,
  kind: number,
): Promise<{ status: number; information: Buffer }> {
  const information = Buffer.alloc(bytes);
  const code = await attributesApi.call(
    'NtQueryInformationFile',
    handle,
    statusBlock(),
    information,
    bytes,
    kind,
  );
  return { status: unsigned(code), information };
}

/** The next part of a directory's list; `restart` for the first. Ends with `noMoreFiles`. */
export async function queryDirectory(
  handle: FileHandle,
  buffer: Buffer,
  restart: boolean,
): Promise<{ status: number; length: number }> {
  const block = statusBlock();
  const code = await api.call(
    'NtQueryDirectoryFile',
    handle,
    null,
    null,
    null,
    block,
    buffer,
    buffer.length,
    informationClass.directoryFull,
    0,
    null,
    restart ? 1 : 0,
  );
  return { status: unsigned(code), length: Number(block.readBigUInt64LE(8)) };
}

/** `information`: owner 1, group 2, DACL 4. `descriptor`: self-relative. */
export async function setSecurity(
  handle: FileHandle,
  information: number,
  descriptor: Buffer,
): Promise<number> {
  return unsigned(await api.call('NtSetSecurityObject', handle, information, descriptor));
}

/** Bytes read at the offset; 0 at the end. */
export async function readAt(
  handle: FileHandle,
  buffer: Buffer,
  offset: bigint,
): Promise<{ status: number; length: number }> {
  const block = statusBlock();
  const position = Buffer.alloc(8);
  position.writeBigInt64LE(offset);
  const code = unsigned(
    await api.call('NtReadFile', handle, null, null, null, block, buffer, buffer.length, position, null),
  );
  if (code === status.endOfFile) return { status: status.success, length: 0 };
  return { status: code, length: Number(block.readBigUInt64LE(8)) };
}

/** Writes all of the bytes at the offset. */
export async function writeAt(handle: FileHandle, bytes: Buffer, offset: bigint): Promise<number> {
  for (let done = 0; done < bytes.length;) {
    const block = statusBlock();
    const position = Buffer.alloc(8);
    position.writeBigInt64LE(offset + BigInt(done));
    const rest = bytes.subarray(done);
    const code = unsigned(
      await api.call('NtWriteFile', handle, null, null, null, block, rest, rest.length, position, null),
    );
    if (isFailure(code)) return code;
    done += Number(block.readBigUInt64LE(8));
  }
  return status.success;
}

export async function fsControl(
  handle: FileHandle,
  code: number,
  input: Buffer | null,
  output: Buffer | null,
): Promise<number> {
  return unsigned(await api.call('NtFsControlFile', ...controlArguments(handle, code, input, output)));
}

/** Shared with the volumes' own (virtdisk.ts). */
export function controlPrototype(name: 'NtFsControlFile' | 'NtDeviceIoControlFile'): string {
  return `uint32_t __stdcall ${name}(void *handle, void *event, void *apc, void *context, void *status, uint32_t code, void *input, uint32_t inputLength, void *output, uint32_t outputLength)`;
}

export function controlArguments(
  handle: FileHandle,
  code: number,
  input: Buffer | null,
  output: Buffer | null,
): unknown[] {
  const [inputBytes, outputBytes] = [input?.length ?? 0, output?.length ?? 0];
  return [handle, null, null, null, statusBlock(), code, input, inputBytes, output, outputBytes];
}

/** The Win32 code that people know, for messages. */
export function win32Error(code: number): number {
  return unsigned(api.callSync('RtlNtStatusToDosError', code));
}

/** RtlGetVersion is not lied to for programs without a manifest, as GetVersionEx is. */
export function version(): { major: number; minor: number; build: number } {
  const size = 284;
  const information = Buffer.alloc(size);
  information.writeUInt32LE(size, 0);
  api.callSync('RtlGetVersion', information);
  return {
    major: information.readUInt32LE(4),
    minor: information.readUInt32LE(8),
    build: information.readUInt32LE(12),
  };
}
