/**
 * advapi32.dll: this process' token, the registry, services, and security descriptors as text.
 *
 * Token and registry calls neither wait nor touch a disk that matters, and their reasons lie in the calling thread's last
 * error, so they run on the JavaScript thread. Questions to the service manager go to another process: off it.
 * Ownership: tokens, keys and service handles are closed here, before the function that opened them returns.
 */
import { declareStruct, defineLibrary, koffi } from './library.ts';
import { pointerCell } from './memory.ts';

const api = defineLibrary('advapi32.dll', {
  OpenProcessToken: {
    proto: 'int32_t __stdcall OpenProcessToken(void *process, uint32_t access, _Out_ void **token)',
    mode: 'sync',
  },
  LookupPrivilegeValueW: {
    proto: 'int32_t __stdcall LookupPrivilegeValueW(str16 system, str16 name, void *luid)',
    mode: 'sync',
  },
  AdjustTokenPrivileges: {
    proto:
      'int32_t __stdcall AdjustTokenPrivileges(void *token, int32_t disableAll, void *state, uint32_t length, void *previous, void *returned)',
    mode: 'sync',
  },
  GetTokenInformation: {
    proto:
      'int32_t __stdcall GetTokenInformation(void *token, uint32_t class, void *information, uint32_t length, _Out_ uint32_t *returned)',
    mode: 'sync',
  },
  RegOpenKeyExW: {
    proto:
      'int32_t __stdcall RegOpenKeyExW(uintptr_t key, str16 subKey, uint32_t options, uint32_t access, _Out_ void **result)',
    mode: 'sync',
  },
  RegCloseKey: { proto: 'int32_t __stdcall RegCloseKey(void *key)', mode: 'sync' },
  RegQueryValueExW: {
    proto:
      'int32_t __stdcall RegQueryValueExW(void *key, str16 name, void *reserved, _Out_ uint32_t *type, void *data, _Inout_ uint32_t *length)',
    mode: 'sync',
  },
  RegEnumValueW: {
    proto:
      'int32_t __stdcall RegEnumValueW(void *key, uint32_t index, void *name, _Inout_ uint32_t *nameLength, void *reserved, void *type, void *data, void *dataLength)',
    mode: 'sync',
  },
  OpenSCManagerW: {
    proto: 'void *__stdcall OpenSCManagerW(str16 machine, str16 database, uint32_t access)',
    mode: 'async',
  },
  OpenServiceW: {
    proto: 'void *__stdcall OpenServiceW(void *manager, str16 name, uint32_t access)',
    mode: 'async',
  },
  QueryServiceStatus: {
    proto: 'int32_t __stdcall QueryServiceStatus(void *service, void *status)',
    mode: 'async',
  },
  CloseServiceHandle: { proto: 'int32_t __stdcall CloseServiceHandle(void *handle)', mode: 'async' },
  ConvertStringSecurityDescriptorToSecurityDescriptorW: {
    proto:
      'int32_t __stdcall ConvertStringSecurityDescriptorToSecurityDescriptorW(str16 text, uint32_t revision, _Out_ void **descriptor, _Out_ uint32_t *size)',
    mode: 'sync',
  },
});

declareStruct('PORTHOLE_SECURITY_ATTRIBUTES', {
  length: 'uint32_t',
  descriptor: 'void *',
  inherit: 'int32_t',
});

const kernel32 = defineLibrary('kernel32.dll', {
  CreateDirectoryW: {
    proto: 'int32_t __stdcall CreateDirectoryW(str16 path, PORTHOLE_SECURITY_ATTRIBUTES *attributes)',
    mode: 'sync',
  },
  GetLastError: { proto: 'uint32_t __stdcall GetLastError(void)', mode: 'sync' },
  CloseHandle: { proto: 'int32_t __stdcall CloseHandle(void *handle)', mode: 'sync' },
  LocalFree: { proto: 'void *__stdcall LocalFree(void *memory)', mode: 'sync' },
});

/** GetCurrentProcess is this constant. */
const currentProcess = -1n;
const tokenAccess = { adjustPrivileges: 0x20, query: 0x8 } as const;
const elevationClass = 20;
const privilegesClass = 3;
const enabledPrivilege = 2;

const lastError = (): number => Number(kernel32.callSync('GetLastError'));

function withToken<T>(access: number, work: (token: unknown) => T): T {
  const cell = pointerCell();
  if (Number(api.callSync('OpenProcessToken', currentProcess, access, cell)) === 0)
    throw new Error(`OpenProcessToken: error ${lastError()}`);
  try {
    return work(cell[0]);
  } finally {
    kernel32.callSync('CloseHandle', cell[0]);
  }
}

export type PrivilegeName =
  | 'SeBackupPrivilege'
  | 'SeRestorePrivilege'
  | 'SeSecurityPrivilege'
  | 'SeTakeOwnershipPrivilege'
  | 'SeManageVolumePrivilege';

function luidOf(name: PrivilegeName): Buffer {
  const luid = Buffer.alloc(8);
  if (Number(api.callSync('LookupPrivilegeValueW', null, name, luid)) === 0)
    throw new Error(`LookupPrivilegeValue ${name}: error ${lastError()}`);
  return luid;
}

/**
 * Enables a privilege for the whole process, as calls run on any thread (windows-layers.md 4.1). False when the token does
 * not hold it: AdjustTokenPrivileges succeeds then and says ERROR_NOT_ALL_ASSIGNED.
 */
export function enablePrivilege(name: PrivilegeName): boolean {
  const state = Buffer.alloc(16);
  state.writeUInt32LE(1, 0);
  luidOf(name).copy(state, 4);
  state.writeUInt32LE(enabledPrivilege, 12);
  return withToken(tokenAccess.adjustPrivileges | tokenAccess.query, (token) => {
    const done = Number(api.callSync('AdjustTokenPrivileges', token, 0, state, 0, null, null));
    return done !== 0 && lastError() === 0;
  });
}

function tokenInformation(token: unknown, kind: number, bytes: number): Buffer | undefined {
  const information = Buffer.alloc(bytes);
  const returned: [number] = [0];
  const done = Number(
    api.callSync('GetTokenInformation', token, kind, information, information.length, returned),
  );
  return done === 0 ? undefined : information.subarray(0, returned[0]);
}

/** True for a token with an administrator's full rights. */
export function isElevated(): boolean {
  return withToken(tokenAccess.query, (token) => {
    return (tokenInformation(token, elevationClass, 4)?.readUInt32LE(0) ?? 0) !== 0;
  });
}

/** Which of the names the token holds, enabled or not. */
export function heldPrivileges(names: readonly PrivilegeName[]): PrivilegeName[] {
  return withToken(tokenAccess.query, (token) => {
    const list = tokenInformation(token, privilegesClass, 4096);
    const held = new Set<string>();
    const count = list === undefined ? 0 : list.readUInt32LE(0);
    for (let at = 4; list !== undefined && at < 4 + count * 12; at += 12)
      held.add(list.toString('hex', at, at + 8));
    return names.filter((name) => held.has(luidOf(name).toString('hex')));
  });
}

const localMachine = 0x8000_0002;
const readAccess = 0x2_0019;
/** Also from a 32-bit process, the view of 64-bit programs. */
const view64 = 0x100;
const noError = 0;
const moreData = 234;
const accessDenied = 5;
const registryType = { text: 1, expandable: 2, number: 4, texts: 7 } as const;

/** What is below HKEY_LOCAL_MACHINE. `denied`: it exists, perhaps, and this user may not look. */
export type RegistryAnswer<T> = { readonly value: T | undefined; readonly denied: boolean };

function withKey<T>(path: string, work: (key: unknown) => T | undefined): RegistryAnswer<T> {
  const cell = pointerCell();
  const opened = Number(api.callSync('RegOpenKeyExW', localMachine, path, 0, readAccess | view64, cell));
  if (opened !== noError) return { value: undefined, denied: opened === accessDenied };
  try {
    return { value: work(cell[0]), denied: false };
  } finally {
    api.callSync('RegCloseKey', cell[0]);
  }
}

export function registryKeyExists(path: string): boolean {
  return withKey(path, () => true).value === true;
}

/** A string, a number, or the strings of a list. */
export function registryValue(
  path: string,
  name: string,
): RegistryAnswer<string | number | readonly string[]> {
  return withKey(path, (key) => {
    for (let size = 512; size <= 1 << 20;) {
      const data = Buffer.alloc(size);
      const type: [number] = [0];
      const length: [number] = [size];
      const code = Number(api.callSync('RegQueryValueExW', key, name, null, type, data, length));
      if (code === moreData) {
        size = Math.max(length[0], size * 2);
        continue;
      }
      return code === noError ? decodeValue(type[0], data.subarray(0, length[0])) : undefined;
    }
    return undefined;
  });
}

function decodeValue(type: number, data: Buffer): string | number | readonly string[] | undefined {
  if (type === registryType.number) return data.length < 4 ? undefined : data.readUInt32LE(0);
  const text = data.toString('utf16le');
  if (type === registryType.text || type === registryType.expandable) return text.replace(/\0.*$/s, '');
  if (type === registryType.texts) return text.split('\0').filter((part) => part !== '');
  return undefined;
}

/** Names of the values of a key, at most a thousand. */
export function registryValueNames(path: string): RegistryAnswer<string[]> {
  return withKey(path, (key) => {
    const names: string[] = [];
    const name = Buffer.alloc(2 * 16_384);
    for (let index = 0; index < 1000; index += 1) {
      const length: [number] = [16_383];
      const code = Number(api.callSync('RegEnumValueW', key, index, name, length, null, null, null, null));
      if (code !== noError) break;
      names.push(name.toString('utf16le', 0, length[0] * 2));
    }
    return names;
  });
}

const connectManager = 0x1;
const queryService = 0x4;

/** dwCurrentState of a service or driver; undefined when it cannot be asked. */
export async function serviceState(name: string): Promise<number | undefined> {
  const manager = await api.call('OpenSCManagerW', null, null, connectManager);
  if (manager === null) return undefined;
  try {
    const service = await api.call('OpenServiceW', manager, name, queryService);
    if (service === null) return undefined;
    try {
      const status = Buffer.alloc(28);
      const done = Number(await api.call('QueryServiceStatus', service, status));
      return done === 0 ? undefined : status.readUInt32LE(4);
    } finally {
      await api.call('CloseServiceHandle', service);
    }
  } finally {
    await api.call('CloseServiceHandle', manager);
  }
}

/** Self-relative descriptor of SDDL text; undefined when the text is none. */
export function descriptorOfText(text: string): Buffer | undefined {
  return withDescriptor(text, (pointer, size) =>
    Buffer.from(koffi().decode(pointer, 'uint8_t', size) as Uint8Array | number[]),
  );
}

/** Makes a folder that has these rights (SDDL) from its first moment. Its parent must exist. 0, or the Win32 code. */
export function createFolderWithRights(path: string, sddl: string): number {
  const code = withDescriptor(sddl, (descriptor) => {
    const attributes = { length: 24, descriptor, inherit: 0 };
    return Number(kernel32.callSync('CreateDirectoryW', path, attributes)) === 0 ? lastError() : 0;
  });
  if (code === undefined) throw new Error(`no security descriptor: ${sddl}`);
  return code;
}

function withDescriptor<T>(text: string, work: (pointer: unknown, size: number) => T): T | undefined {
  const cell = pointerCell();
  const size: [number] = [0];
  const done = Number(
    api.callSync('ConvertStringSecurityDescriptorToSecurityDescriptorW', text, 1, cell, size),
  );
  if (done === 0) return undefined;
  try {
    return work(cell[0], size[0]);
  } finally {
    kernel32.callSync('LocalFree', cell[0]);
  }
}
