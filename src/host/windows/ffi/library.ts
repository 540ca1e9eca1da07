/**
 * Lazy, typed access to DLL exports through koffi (codebases.md 8.3).
 *
 * A library is prototypes as data. Nothing is loaded before the first call; a failure is remembered. Every export is
 * callable in two ways, chosen in its definition: `async` runs on libuv's thread pool (anything that can block) and
 * `sync` on the JavaScript thread (never anything that may wait for a notification: hcs.md 1.5).
 *
 * `PORTHOLE_TEST_DLL_DIR` redirects every DLL that lies in that folder: the test stand-ins of `native/standin`.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { win32 } from 'node:path';
import type koffiModule from 'koffi';
import { PortholeError } from '../../../errors/porthole-error.ts';

export type Koffi = typeof koffiModule;

/** What koffi takes and gives: numbers, BigInt pointers, strings, buffers, out cells. */
export type NativeValue = unknown;

export interface ExportDefinition {
  /** C prototype with fixed-width types only (codebases.md 2.7: `long` is 8 bytes on Linux). */
  readonly proto: string;
  readonly mode: 'sync' | 'async';
  /** Missing on older Windows: a clear error instead of a broken installation. */
  readonly optional?: boolean;
  /** First Windows build that exports it, for the hint. */
  readonly since?: number;
}

export type LibraryDefinition = Readonly<Record<string, ExportDefinition>>;

export interface LoadedLibrary<D extends LibraryDefinition> {
  /** Resolves with the C function's return value. */
  call(name: keyof D & string, ...args: NativeValue[]): Promise<NativeValue>;
  /** For `sync` exports only. */
  callSync(name: keyof D & string, ...args: NativeValue[]): NativeValue;
  /** True when the DLL and this export are there. */
  has(name: keyof D & string): boolean;
  /** True when the DLL and every export are there but the optional ones. */
  isComplete(): boolean;
  /** Throws what calling the first one that is not there would. */
  require(): void;
}

let koffiInstance: Koffi | undefined;
let typesDeclared = false;

/** koffi, loaded on first use: 10-20 ms that only commands which reach the host pay. */
export function koffi(): Koffi {
  koffiInstance ??= createRequire(import.meta.url)('koffi') as Koffi;
  return koffiInstance;
}

let configured = false;

/** A library by its path; null: what this process has. */
export function loadLibrary(path: string | null): ReturnType<Koffi['load']> {
  // Only possible before the first library.
  if (!configured) koffi().config({ async_stack_size: asyncStackBytes });
  configured = true;
  return koffi().load(path);
}

/** What a thread of Windows has: koffi's own default is an eighth of it, and system DLLs do not know. */
const asyncStackBytes = 1 << 20;

interface NativeFunction {
  (...args: NativeValue[]): NativeValue;
  async(...args: NativeValue[]): void;
}

interface NativeLibrary {
  func(prototype: string): NativeFunction;
}

/**
 * Names that are not the DLL's own: parts of a DLL that tests replace without replacing the rest of it. Everything else is
 * loaded by its own name.
 */
const files: Readonly<Record<string, string>> = {
  // Backup streams, which not every system that these tests run on has.
  'backup.dll': 'kernel32.dll',
  // Giving memory back, which the stand-ins of the services count.
  'local-memory.dll': 'kernel32.dll',
  'task-memory.dll': 'ole32.dll',
  // Attributes, which those systems' files cannot all hold.
  'backup-attributes.dll': 'ntdll.dll',
  // Control calls on volumes: those of scratches are folders there.
  'virtdisk-volume.dll': 'ntdll.dll',
};

/** Where a DLL is loaded from: System32 by full path (no search-order hijack), or the test folder. */
export function libraryPath(dll: string, env: Readonly<Record<string, string | undefined>>): string {
  const testFolder = env['PORTHOLE_TEST_DLL_DIR'];
  if (testFolder !== undefined && testFolder !== '') {
    const redirected = win32.join(testFolder, dll);
    if (existsSync(redirected)) return redirected;
  }
  return win32.join(env['SystemRoot'] ?? 'C:\\Windows', 'System32', files[dll] ?? dll);
}

const structs: [name: string, fields: Record<string, string>][] = [];

/** Makes a structure known to prototypes, by its C layout; the DLLs that use it need not be loaded for that. */
export function declareStruct(name: string, fields: Record<string, string>): void {
  structs.push([name, fields]);
  if (typesDeclared) koffi().struct(name, fields);
}

/** Arguments of calls under way: buffers that only native code still refers to must not be collected. */
const underWay = new Set<readonly NativeValue[]>();

const defined: { readonly dll: string; readonly definition: LibraryDefinition }[] = [];

/** Every library whose module was imported, by the DLL's real name: tests compare the prototypes with published headers. */
export function definedLibraries(): readonly {
  readonly dll: string;
  readonly definition: LibraryDefinition;
}[] {
  return defined;
}

export function defineLibrary<D extends LibraryDefinition>(
  dll: string,
  definition: D,
  env: Readonly<Record<string, string | undefined>> = process.env,
): LoadedLibrary<D> {
  defined.push({ dll: files[dll] ?? dll, definition });
  let library: NativeLibrary | Error | undefined;
  const bound = new Map<string, NativeFunction | Error>();

  function load(): NativeLibrary {
    if (library === undefined) {
      try {
        declareTypes();
        library = loadLibrary(libraryPath(dll, env));
      } catch (error) {
        library = error instanceof Error ? error : new Error(String(error));
      }
    }
    if (!(library instanceof Error)) return library;
    throw new PortholeError(
      'unavailable',
      'HOST_LIBRARY_MISSING',
      `failed to load ${dll}, ensure that the Containers feature is installed`,
      {
        cause: library,
        hint: 'Enable it in an elevated PowerShell: Enable-WindowsOptionalFeature -Online -FeatureName Containers -All',
      },
    );
  }

  function bind(name: keyof D & string): NativeFunction {
    let found = bound.get(name);
    if (found === undefined) {
      const loaded = load();
      try {
        found = loaded.func(definition[name]!.proto);
      } catch (error) {
        found = error instanceof Error ? error : new Error(String(error));
      }
      bound.set(name, found);
    }
    if (!(found instanceof Error)) return found;
    const since = definition[name]?.since;
    throw new PortholeError(
      'notImplemented',
      'HOST_EXPORT_MISSING',
      `${dll} of this Windows has no ${name}`,
      {
        cause: found,
        ...(since === undefined ? {} : { hint: `It needs Windows build ${since} or newer.` }),
      },
    );
  }

  const has = (name: keyof D & string): boolean => {
    try {
      bind(name);
      return true;
    } catch {
      return false;
    }
  };

  const needed = Object.keys(definition).filter((name) => definition[name]!.optional !== true);

  return {
    call(name, ...args) {
      return new Promise((resolve, reject) => {
        const native = bind(name);
        if (definition[name]!.mode === 'sync') {
          resolve(native(...args));
          return;
        }
        underWay.add(args);
        native.async(...args, (error: Error | null, value: NativeValue) => {
          underWay.delete(args);
          if (error !== null) reject(error);
          else resolve(value);
        });
      });
    },
    callSync(name, ...args) {
      if (definition[name]!.mode !== 'sync')
        throw new TypeError(`${name} may block and must be called off the JavaScript thread`);
      return bind(name)(...args);
    },
    has,
    isComplete: () => needed.every(has),
    require: () => needed.forEach(bind),
  };
}

/** koffi's type names are process-global, so they are declared once (codebases.md 2.7). Sizes: hcs.md 1.1. */
function declareTypes(): void {
  if (typesDeclared) return;
  typesDeclared = true;
  const k = koffi();
  k.struct('HCS_PROCESS_INFORMATION', {
    ProcessId: 'uint32_t',
    Reserved: 'uint32_t',
    StdInput: 'void *',
    StdOutput: 'void *',
    StdError: 'void *',
  });
  k.struct('HCS_EVENT', { Type: 'uint32_t', EventData: 'void *', Operation: 'void *' });
  k.struct('PORTHOLE_GUID', {
    Data1: 'uint32_t',
    Data2: 'uint16_t',
    Data3: 'uint16_t',
    Data4: k.array('uint8_t', 8),
  });
  k.struct('WC_DRIVER_INFO', { Flavour: 'int32_t', HomeDir: 'str16' });
  k.struct('WC_LAYER_DESCRIPTOR', { LayerId: 'PORTHOLE_GUID', Flags: 'uint32_t', Path: 'str16' });
  for (const [name, fields] of structs) k.struct(name, fields);
}

/** For layout tests on every system. */
export function declaredLayouts(): { name: string; size: number; offsets: Record<string, number> }[] {
  declareTypes();
  const k = koffi();
  const members: Record<string, string[]> = {
    HCS_PROCESS_INFORMATION: ['ProcessId', 'StdInput', 'StdOutput', 'StdError'],
    HCS_EVENT: ['Type', 'EventData', 'Operation'],
    PORTHOLE_GUID: ['Data1', 'Data2', 'Data3', 'Data4'],
    WC_DRIVER_INFO: ['Flavour', 'HomeDir'],
    WC_LAYER_DESCRIPTOR: ['LayerId', 'Flags', 'Path'],
  };
  return Object.entries(members).map(([name, fields]) => ({
    name,
    size: k.sizeof(name),
    offsets: Object.fromEntries(fields.map((field) => [field, k.offsetof(name, field)])),
  }));
}
