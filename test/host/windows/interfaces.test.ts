/**
 * The bindings against published interface definitions: mingw-w64's own headers of computecore, computenetwork, virtdisk and
 * the classic DLLs. Needs only the cross compiler.
 */
import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HRESULT, hresultName } from '../../../src/hcs/hresult.ts';
import { eventType } from '../../../src/host/windows/ffi/computecore.ts';
import {
  access,
  disposition,
  informationClass,
  option,
  share,
  status,
} from '../../../src/host/windows/ffi/ntdll.ts';
import { streamId } from '../../../src/host/windows/backup-stream.ts';
import { declaredLayouts, definedLibraries, koffi } from '../../../src/host/windows/ffi/library.ts';

const compiler = process.env['MINGW_CC'] ?? 'x86_64-w64-mingw32-gcc';
const why =
  spawnSync(compiler, ['--version']).status === 0 ? undefined : `no mingw-w64 compiler (${compiler})`;
const root = join(import.meta.dirname, '../../..');
const standin = join(root, 'native', 'standin');

const headers = [
  'windows.h',
  'winternl.h',
  'computecore.h',
  'computenetwork.h',
  'computestorage.h',
  'virtdisk.h',
  'combaseapi.h',
  'iphlpapi.h',
];
const includes = headers.map((name) => `#include <${name}>\n`).join('');

/** What a parameter takes on the stack: `text` is a UTF-16 string, `pointer` any other address. */
type Kind = 'void' | '4' | '8' | 'pointer' | 'text';

interface Signature {
  readonly result: Kind;
  readonly parameters: readonly Kind[];
}

/** Type names of the headers that are numbers or strings; everything else that occurs is an address. */
const numbers: Readonly<Record<string, Kind>> = {
  void: 'void',
  ...Object.fromEntries(
    [
      ...[
        'HRESULT',
        'DWORD',
        'BOOL',
        'WINBOOL',
        'ULONG',
        'LONG',
        'UINT',
        'INT',
        'INT32',
        'UINT32',
        'LSTATUS',
      ],
      ...['NTSTATUS', 'int', 'REGSAM', 'ACCESS_MASK', 'SECURITY_INFORMATION', 'FILE_INFORMATION_CLASS'],
      ...['HCS_OPERATION_TYPE', 'HCS_EVENT_OPTIONS', 'HCS_RESOURCE_TYPE', 'TOKEN_INFORMATION_CLASS'],
      ...['ATTACH_VIRTUAL_DISK_FLAG', 'DETACH_VIRTUAL_DISK_FLAG', 'OPEN_VIRTUAL_DISK_FLAG'],
      ...[
        'CREATE_VIRTUAL_DISK_FLAG',
        'VIRTUAL_DISK_ACCESS_MASK',
        'EXPAND_VIRTUAL_DISK_FLAG',
        'RESIZE_VIRTUAL_DISK_FLAG',
        'SECURITY_IMPERSONATION_LEVEL',
      ],
      ...[
        'TOKEN_TYPE',
        'long unsigned int',
        'unsigned int',
        'FS_INFORMATION_CLASS',
        'int32_t',
        'uint32_t',
        'SE_OBJECT_TYPE',
      ],
    ].map((name) => [name, '4' as const]),
  ),
  ...Object.fromEntries(
    ['UINT64', 'ULONGLONG', 'SIZE_T', 'ULONG_PTR', 'size_t', 'uint64_t', 'long long unsigned int'].map(
      (name) => [name, '8' as const],
    ),
  ),
  ...Object.fromEntries(
    ['PCWSTR', 'LPCWSTR', 'PCWCH', 'const WCHAR *'].map((name) => [name, 'text' as const]),
  ),
};

function split(list: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let part = '';
  for (const character of list) {
    if (character === '(') depth += 1;
    if (character === ')') depth -= 1;
    if (character === ',' && depth === 0) {
      parts.push(part.trim());
      part = '';
    } else part += character;
  }
  return [...parts, part.trim()].filter((each) => each !== '' && each !== 'void');
}

/** From `extern HRESULT HcsOpenProcess (HCS_SYSTEM, DWORD, …);` */
function declarations(text: string): ReadonlyMap<string, Signature> {
  const found = new Map<string, Signature>();
  for (const line of text.split('\n')) {
    const match = /^\/\* \S+ \*\/ (?:extern|static) (.*?[\s*])(\w+) \((.*)\);(?: \/\*.*)?$/.exec(line.trim());
    if (match === null) continue;
    const [, result = '', name = '', list = ''] = match;
    // Definitions name their parameters.
    const kind = (type: string): Kind =>
      numbers[type.trim()] ?? numbers[type.trim().replace(/(?<=\w) +\w+$/, '')] ?? 'pointer';
    found.set(name, { result: kind(result), parameters: split(list).map(kind) });
  }
  return found;
}

/** From our prototypes, which are written with fixed-width types. */
function signatureOf(prototype: string): Signature {
  const match = /^(.*?[\s*])(?:__stdcall )?(\w+)\((.*)\)$/s.exec(prototype.replace(/\s+/g, ' ').trim());
  if (match === null) throw new Error(`cannot read ${prototype}`);
  const [, result = '', , list = ''] = match;
  const kind = (parameter: string): Kind => {
    const type = parameter.replace(/^(?:_Out_|_Inout_|const) /, '').trim();
    if (type.includes('*')) return 'pointer';
    const name = type.split(' ')[0] ?? '';
    if (name === 'str16') return 'text';
    if (name === 'void') return 'void';
    if (/^(?:u?int(?:ptr|64)_t|size_t)$/.test(name)) return '8';
    if (/^u?int32_t$/.test(name)) return '4';
    throw new Error(`${type} in ${prototype} has no fixed width`);
  };
  return { result: kind(result), parameters: split(list).map(kind) };
}

/** An address may be given as a number of its width, and a string as an address. */
function fits(ours: Kind, published: Kind): boolean {
  if (ours === published) return true;
  if (published === 'text') return ours === 'pointer';
  return published === 'pointer' && (ours === '8' || ours === 'text');
}

/** Where their names are not ours. */
const streamNames: Partial<Record<keyof typeof streamId, string>> = {
  extendedAttributes: 'EA_DATA',
  security: 'SECURITY_DATA',
  property: 'PROPERTY_DATA',
  reparse: 'REPARSE_DATA',
  txfs: 'TXFS_DATA',
};

function compile(
  source: string,
  options: readonly string[],
): { status: number | null; stderr: string; aux: string } {
  const folder = mkdtempSync(join(tmpdir(), 'porthole-interfaces-'));
  try {
    const file = join(folder, 'check.c');
    const aux = join(folder, 'check.txt');
    writeFileSync(file, source);
    const { status, stderr } = spawnSync(
      compiler,
      ['-D_WIN32_WINNT=0x0A00', '-DUNICODE', '-fsyntax-only', '-aux-info', aux, ...options, file],
      { encoding: 'utf8' },
    );
    return { status, stderr, aux: status === 0 ? readFileSync(aux, 'latin1') : '' };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe(`published interfaces of Windows${why === undefined ? '' : ` (skipped: ${why})`}`, function () {
  this.timeout(60_000);
  let published: ReadonlyMap<string, Signature>;
  before(async function () {
    if (why !== undefined) return this.skip();
    for (const name of readdirSync(join(root, 'src/host/windows/ffi')))
      await import(`../../../src/host/windows/ffi/${name}`);
    const result = compile(includes, []);
    expect(result.status, result.stderr).to.equal(0);
    published = declarations(result.aux);
  });

  it('have the prototypes of our bindings', () => {
    const wrong: string[] = [];
    const checked = new Map<string, number>();
    for (const { dll, definition } of definedLibraries())
      for (const [name, { proto }] of Object.entries(definition)) {
        // vmcompute.dll has other functions of the same names, which nobody has published.
        const theirs = dll === 'vmcompute.dll' ? undefined : published.get(name);
        if (theirs === undefined) continue;
        const ours = signatureOf(proto);
        const same =
          fits(ours.result, theirs.result) &&
          ours.parameters.length === theirs.parameters.length &&
          ours.parameters.every((kind, index) => fits(kind, theirs.parameters[index]!));
        if (!same) wrong.push(`${dll} ${name}: ${JSON.stringify(ours)} is not ${JSON.stringify(theirs)}`);
        checked.set(dll, (checked.get(dll) ?? 0) + 1);
      }

    expect(wrong).to.deep.equal([]);
    expect(checked.get('computecore.dll')).to.be.at.least(24);
    expect(checked.get('computenetwork.dll')).to.be.at.least(7);
    expect(checked.get('computestorage.dll')).to.equal(12);
    expect(checked.get('virtdisk.dll')).to.equal(6);
  });

  it('have every export that we bind of the published DLLs', () => {
    const missing = definedLibraries()
      .filter(({ dll }) => ['computecore.dll', 'computenetwork.dll', 'computestorage.dll'].includes(dll))
      .flatMap(({ definition }) => Object.keys(definition).filter((name) => !published.has(name)));
    // Newer than the headers; windows-sys and hcsshim have them.
    expect(missing).to.deep.equal(['HcsAttachOverlayFilter', 'HcsDetachOverlayFilter']);
  });

  it('have no export of computestorage.dll that we do not bind', () => {
    const bound = definedLibraries().flatMap(({ definition }) => Object.keys(definition));
    const text = readFileSync(join(standin, 'computestorage.c'), 'utf8');
    const exported = [...text.matchAll(/^EXPORT HRESULT WINAPI (\w+)/gm)].map(([, name]) => name!);
    const theirs = [...published.keys()].filter((name) =>
      /^Hcs\w*(?:Layer|Layer(?:StorageFilter|VhdMountPath)|LayerVhd|BaseOS\w+)$/.test(name),
    );

    expect(theirs).to.have.length(12);
    expect(bound).to.include.members([...theirs, ...exported]);
    expect(new Set(exported).size).to.equal(14);
  });

  for (const file of ['computecore.c', 'computenetwork.c', 'computestorage.c'])
    it(`have the prototypes of the stand-ins in ${file}`, () => {
      const { status, stderr, aux } = compile(readFileSync(join(standin, file), 'utf8'), ['-I', standin]);
      expect(status, stderr).to.equal(0);
      // Newer functions are not in these headers yet.
      const own = [...declarations(aux)].filter(([name]) => /^Hc[sn][A-Z]/.test(name) && published.has(name));
      const wrong = own.filter(([name, ours]) => {
        const theirs = published.get(name)!;
        return (
          !fits(ours.result, theirs.result) ||
          ours.parameters.length !== theirs.parameters.length ||
          !ours.parameters.every((kind, index) => fits(kind, theirs.parameters[index]!))
        );
      });
      expect(wrong).to.deep.equal([]);
      expect(own.length).to.be.at.least(7);
    });

  it('have the sizes and offsets of our structures', () => {
    const known = { HCS_PROCESS_INFORMATION: '', HCS_EVENT: '', PORTHOLE_GUID: 'GUID' } as const;
    const asserts = declaredLayouts()
      .filter(({ name }) => name in known)
      .flatMap(({ name, size, offsets }) => {
        const theirs = known[name as keyof typeof known] || name;
        return [
          `_Static_assert(sizeof(${theirs}) == ${size}, "size of ${theirs}");`,
          ...Object.entries(offsets).map(
            ([field, offset]) =>
              `_Static_assert(offsetof(${theirs}, ${field}) == ${offset}, "${theirs}.${field}");`,
          ),
        ];
      });
    expect(asserts.length).to.be.greaterThan(10);
    const { status, stderr } = compile(`${includes}#include <stddef.h>\n${asserts.join('\n')}\n`, []);
    expect(status, stderr).to.equal(0);
  });

  it('leave a structure to us that they have an old form of', () => {
    declaredLayouts();
    const name = 'PORTHOLE_CREATE_DISK';
    const offsets = ['MaximumSize', 'PhysicalSectorSizeInBytes', 'ParentPath', 'SourcePath', 'OpenFlags'].map(
      (field) => koffi().offsetof(name, field),
    );

    // windows-layers.md 4.4; the stand-in asserts the same of its own.
    expect([koffi().sizeof(name), ...offsets]).to.deep.equal([128, 24, 40, 48, 56, 64]);
  });

  /** Structures that the bindings read and write in buffers, by the offsets that they use. */
  const buffers: Readonly<
    Record<string, readonly [size: number | undefined, offsets: Record<string, number>]>
  > = {
    IO_STATUS_BLOCK: [16, { Information: 8 }],
    OBJECT_ATTRIBUTES: [48, { RootDirectory: 8, ObjectName: 16, Attributes: 24, SecurityDescriptor: 32 }],
    UNICODE_STRING: [16, { Length: 0, MaximumLength: 2, Buffer: 8 }],
    FILE_BASIC_INFORMATION: [
      40,
      { CreationTime: 0, LastAccessTime: 8, LastWriteTime: 16, ChangeTime: 24, FileAttributes: 32 },
    ],
    FILE_STANDARD_INFORMATION: [24, { EndOfFile: 8, NumberOfLinks: 16, Directory: 21 }],
    FILE_LINK_INFORMATION: [undefined, { RootDirectory: 8, FileNameLength: 16, FileName: 20 }],
    FILE_ID_FULL_DIRECTORY_INFORMATION: [
      undefined,
      {
        NextEntryOffset: 0,
        CreationTime: 8,
        EndOfFile: 40,
        FileAttributes: 56,
        FileNameLength: 60,
        EaSize: 64,
        FileName: 80,
      },
    ],
    RTL_OSVERSIONINFOEXW: [284, { dwMajorVersion: 4, dwMinorVersion: 8, dwBuildNumber: 12 }],
    WIN32_STREAM_ID: [
      undefined,
      { dwStreamId: 0, dwStreamAttributes: 4, Size: 8, dwStreamNameSize: 16, cStreamName: 20 },
    ],
    SERVICE_STATUS: [28, { dwCurrentState: 4 }],
    TOKEN_PRIVILEGES: [16, { PrivilegeCount: 0, Privileges: 4 }],
    LUID_AND_ATTRIBUTES: [12, { Luid: 0, Attributes: 8 }],
    MIB_IPFORWARDROW: [
      56,
      {
        dwForwardDest: 0,
        dwForwardMask: 4,
        dwForwardNextHop: 12,
        dwForwardIfIndex: 16,
        dwForwardMetric1: 36,
      },
    ],
    VIRTUAL_STORAGE_TYPE: [20, { DeviceId: 0, VendorId: 4 }],
    OPEN_VIRTUAL_DISK_PARAMETERS: [undefined, { Version: 0 }],
    ATTACH_VIRTUAL_DISK_PARAMETERS: [undefined, { Version: 0 }],
    RESIZE_VIRTUAL_DISK_PARAMETERS: [16, { Version: 0, 'Version1.NewSize': 8 }],
    // From the parent's path on, these headers lack what the system's have: a physical sector size.
    CREATE_VIRTUAL_DISK_PARAMETERS: [
      undefined,
      {
        Version: 0,
        'Version2.UniqueId': 8,
        'Version2.MaximumSize': 24,
        'Version2.BlockSizeInBytes': 32,
        'Version2.SectorSizeInBytes': 36,
      },
    ],
  };

  it('have the sizes and offsets that we use in buffers', () => {
    const asserts = Object.entries(buffers).flatMap(([name, [size, offsets]]) => [
      ...(size === undefined ? [] : [`_Static_assert(sizeof(${name}) == ${size}, "size of ${name}");`]),
      ...Object.entries(offsets).map(
        ([field, offset]) => `_Static_assert(offsetof(${name}, ${field}) == ${offset}, "${name}.${field}");`,
      ),
    ]);
    // What is passed may be larger than what is read, never smaller.
    asserts.push(
      '_Static_assert(sizeof(OPEN_VIRTUAL_DISK_PARAMETERS) <= 48, "open");',
      '_Static_assert(sizeof(ATTACH_VIRTUAL_DISK_PARAMETERS) <= 24, "attach");',
    );
    const { status, stderr } = compile(`${includes}#include <stddef.h>\n${asserts.join('\n')}\n`, []);
    expect(status, stderr).to.equal(0);
  });

  it('have the numbers of the file calls', () => {
    const upper = (name: string): string => name.replace(/([a-z])([A-Z])/g, '$1_$2').toUpperCase();
    const named: [name: string, value: number][] = [
      ...([
        ['GENERIC_READ', access.read],
        ['GENERIC_WRITE', access.write],
        ['DELETE', access.delete],
        ['READ_CONTROL', access.readControl],
        ['WRITE_DAC', access.writeDac],
        ['WRITE_OWNER', access.writeOwner],
        ['SYNCHRONIZE', access.synchronize],
        ['ACCESS_SYSTEM_SECURITY', access.systemSecurity],
        ['FILE_LIST_DIRECTORY', access.listDirectory],
        ['FILE_READ_ATTRIBUTES', access.readAttributes],
        ['FILE_WRITE_ATTRIBUTES', access.writeAttributes],
        ['FILE_SHARE_READ', share.read],
        ['FILE_SHARE_WRITE', share.write],
        ['FILE_SHARE_DELETE', share.delete],
        ['FILE_OPEN', disposition.open],
        ['FILE_CREATE', disposition.create],
        ['FILE_OPEN_IF', disposition.openIf],
        ['FILE_DIRECTORY_FILE', option.directory],
        ['FILE_SYNCHRONOUS_IO_NONALERT', option.synchronous],
        ['FILE_NON_DIRECTORY_FILE', option.nonDirectory],
        ['FILE_OPEN_FOR_BACKUP_INTENT', option.backupIntent],
        ['FILE_OPEN_REPARSE_POINT', option.openReparsePoint],
        ['FileIdFullDirectoryInformation', informationClass.directoryFull],
        ['FileBasicInformation', informationClass.basic],
        ['FileStandardInformation', informationClass.standard],
        ['FileDispositionInformation', informationClass.disposition],
        ['FileLinkInformation', informationClass.link],
        ['FileInternalInformation', informationClass.internal],
        ['STATUS_NO_MORE_FILES', status.noMoreFiles],
        ['STATUS_NO_SUCH_FILE', status.noSuchFile],
        ['STATUS_END_OF_FILE', status.endOfFile],
        ['STATUS_INVALID_INFO_CLASS', status.invalidInfoClass],
        ['STATUS_NOT_IMPLEMENTED', status.notImplemented],
        ['STATUS_INVALID_PARAMETER', status.invalidParameter],
        ['STATUS_ACCESS_DENIED', status.accessDenied],
        ['STATUS_OBJECT_NAME_NOT_FOUND', status.nameNotFound],
        ['STATUS_OBJECT_NAME_COLLISION', status.nameCollision],
        ['STATUS_OBJECT_PATH_NOT_FOUND', status.pathNotFound],
        ['STATUS_SHARING_VIOLATION', status.sharingViolation],
        ['STATUS_CANNOT_DELETE', status.cannotDelete],
        ['STATUS_DIRECTORY_NOT_EMPTY', status.directoryNotEmpty],
        ['STATUS_PRIVILEGE_NOT_HELD', status.privilegeNotHeld],
        ['STATUS_DISK_FULL', status.diskFull],
        ['STATUS_TOO_MANY_LINKS', status.tooManyLinks],
        ['STATUS_NOT_A_DIRECTORY', status.notADirectory],
        ['STATUS_FILE_IS_A_DIRECTORY', status.fileIsADirectory],
        ['STATUS_NOT_SUPPORTED', status.notSupported],
        ['STATUS_DELETE_PENDING', status.deletePending],
        ['FSCTL_GET_REPARSE_POINT', 0x0009_00a8],
        ['FSCTL_EXTEND_VOLUME', 0x0009_00f0],
        ['IOCTL_DISK_GET_LENGTH_INFO', 0x0007_405c],
        ['IOCTL_DISK_GET_PARTITION_INFO_EX', 0x0007_0048],
        ['IOCTL_DISK_GROW_PARTITION', 0x0007_c0d0],
        ['sizeof(PARTITION_INFORMATION_EX)', 144],
        ['offsetof(PARTITION_INFORMATION_EX, StartingOffset)', 8],
        ['offsetof(PARTITION_INFORMATION_EX, PartitionLength)', 16],
        ['offsetof(PARTITION_INFORMATION_EX, PartitionNumber)', 24],
        ['sizeof(DISK_GROW_PARTITION)', 16],
        ['offsetof(DISK_GROW_PARTITION, BytesToGrow)', 8],
        ['OBJ_CASE_INSENSITIVE', 0x40],
        ['OPEN_VIRTUAL_DISK_FLAG_CACHED_IO', 0x8],
        ['OPEN_VIRTUAL_DISK_VERSION_2', 2],
        ['ATTACH_VIRTUAL_DISK_VERSION_1', 1],
        ['ATTACH_VIRTUAL_DISK_FLAG_PERMANENT_LIFETIME', 4],
        ['CREATE_VIRTUAL_DISK_VERSION_2', 2],
        ['RESIZE_VIRTUAL_DISK_VERSION_1', 1],
        ['TokenElevation', 20],
        ['TokenPrivileges', 3],
        ['PF_VIRT_FIRMWARE_ENABLED', 21],
        ['PROCESS_QUERY_LIMITED_INFORMATION', 0x1000],
        ['SC_MANAGER_CONNECT', 1],
        ['SERVICE_QUERY_STATUS', 4],
        ['KEY_READ', 0x2_0019],
        ['KEY_WOW64_64KEY', 0x100],
        ['ERROR_MORE_DATA', 234],
        ['FORMAT_MESSAGE_FROM_SYSTEM', 0x1000],
        ['FORMAT_MESSAGE_IGNORE_INSERTS', 0x200],
        ['FORMAT_MESSAGE_MAX_WIDTH_MASK', 0xff],
      ] as [string, number][]),
      ...Object.entries(streamId).flatMap(([name, value]): [string, number][] => {
        const theirs = streamNames[name as keyof typeof streamId] ?? upper(name);
        return [[`BACKUP_${theirs}`, value]];
      }),
    ];
    const asserts = named.map(
      ([name, value]) => `_Static_assert((unsigned)(${name}) == ${value >>> 0}u, "${name}");`,
    );
    const source = `${includes}#include <ntstatus.h>\n#include <winioctl.h>\n${asserts.join('\n')}\n`;
    const { status: code, stderr } = compile(source, ['-DWIN32_NO_STATUS_ASSERTS', '-w']);
    expect(code, stderr).to.equal(0);
  });

  it('have the numbers of our constants', () => {
    const win32 = Object.values(HRESULT).flatMap((code) => {
      const name = hresultName(code) ?? '';
      if (/^(?:ERROR_VMCOMPUTE|HCS_E)_/.test(name)) return [];
      const value = name.startsWith('E_') ? `(unsigned)${name}` : `(unsigned)HRESULT_FROM_WIN32(${name})`;
      return [`#ifdef ${name}\n_Static_assert(${value} == ${code}u, "${name}");\n#endif`];
    });
    const events = [
      `_Static_assert(HcsEventSystemExited == ${eventType.systemExited}, "exited");`,
      `_Static_assert(HcsEventProcessExited == ${eventType.processExited}, "process");`,
      `_Static_assert(HcsEventServiceDisconnect == ${eventType.serviceDisconnect}, "service");`,
      '_Static_assert(GENERIC_ALL == 0x10000000, "access");',
    ];
    expect(win32.length).to.be.greaterThan(15);
    const { status, stderr } = compile(`${includes}${[...win32, ...events].join('\n')}\n`, []);
    expect(status, stderr).to.equal(0);
  });
});
