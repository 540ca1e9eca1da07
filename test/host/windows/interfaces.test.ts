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
import { declaredLayouts, definedLibraries } from '../../../src/host/windows/ffi/library.ts';

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
  });

  it('have every export that we bind of the published DLLs', () => {
    const missing = definedLibraries()
      .filter(({ dll }) => ['computecore.dll', 'computenetwork.dll'].includes(dll))
      .flatMap(({ definition }) => Object.keys(definition).filter((name) => !published.has(name)));
    expect(missing).to.deep.equal([]);
  });

  for (const file of ['computecore.c', 'computenetwork.c'])
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
