/**
 * vmcompute.dll's layer exports (windows-layers.md 4.1). Every call gets `DriverInfo { Flavour: 1, HomeDir: "" }` and full
 * folder paths, as hcsshim does; only CreateLayer's parent is a bare id. All block for seconds: off the JavaScript thread.
 */
import { defineLibrary, koffi } from './library.ts';

const driver = 'WC_DRIVER_INFO *driver';
const chain = 'WC_LAYER_DESCRIPTOR *descriptors, size_t count';

const api = defineLibrary('vmcompute.dll', {
  ActivateLayer: { proto: `int32_t __stdcall ActivateLayer(${driver}, str16 id)`, mode: 'async' },
  DeactivateLayer: { proto: `int32_t __stdcall DeactivateLayer(${driver}, str16 id)`, mode: 'async' },
  PrepareLayer: { proto: `int32_t __stdcall PrepareLayer(${driver}, str16 id, ${chain})`, mode: 'async' },
  UnprepareLayer: { proto: `int32_t __stdcall UnprepareLayer(${driver}, str16 id)`, mode: 'async' },
  GetLayerMountPath: {
    proto: `int32_t __stdcall GetLayerMountPath(${driver}, str16 id, _Inout_ size_t *length, void *buffer)`,
    mode: 'async',
  },
  CreateSandboxLayer: {
    proto: `int32_t __stdcall CreateSandboxLayer(${driver}, str16 id, uintptr_t parent, ${chain})`,
    mode: 'async',
  },
  ExpandSandboxSize: {
    proto: `int32_t __stdcall ExpandSandboxSize(${driver}, str16 id, uint64_t size)`,
    mode: 'async',
  },
  ImportLayer: {
    proto: `int32_t __stdcall ImportLayer(${driver}, str16 id, str16 folder, ${chain})`,
    mode: 'async',
  },
  ExportLayer: {
    proto: `int32_t __stdcall ExportLayer(${driver}, str16 id, str16 folder, ${chain})`,
    mode: 'async',
  },
  DestroyLayer: { proto: `int32_t __stdcall DestroyLayer(${driver}, str16 id)`, mode: 'async' },
  NameToGuid: { proto: 'int32_t __stdcall NameToGuid(str16 name, _Out_ PORTHOLE_GUID *guid)', mode: 'async' },
  ProcessBaseImage: { proto: 'int32_t __stdcall ProcessBaseImage(str16 path)', mode: 'async' },
  ProcessUtilityImage: { proto: 'int32_t __stdcall ProcessUtilityImage(str16 path)', mode: 'async' },
  GrantVmAccess: { proto: 'int32_t __stdcall GrantVmAccess(str16 vmId, str16 path)', mode: 'async' },
});

export interface Guid {
  Data1: number;
  Data2: number;
  Data3: number;
  Data4: Uint8Array;
}

/** One read-only parent, topmost first in arrays. */
export interface LayerDescriptor {
  LayerId: Guid;
  Flags: number;
  Path: string;
}

/** True where vmcompute.dll has all that layers need. */
export function isAvailable(): boolean {
  return api.isComplete();
}

/** hcsshim's filter flavour; the home folder is unused because ids are full paths. */
const driverInfo = { Flavour: 1, HomeDir: '' };
const unsigned = (value: unknown): number => Number(value) >>> 0;

export type LayerVerb = 'ActivateLayer' | 'DeactivateLayer' | 'UnprepareLayer' | 'DestroyLayer';

export async function layerVerb(verb: LayerVerb, folder: string): Promise<number> {
  return unsigned(await api.call(verb, driverInfo, folder));
}

export async function prepareLayer(folder: string, parents: readonly LayerDescriptor[]): Promise<number> {
  return unsigned(await api.call('PrepareLayer', driverInfo, folder, [...parents], parents.length));
}

export async function createSandboxLayer(
  folder: string,
  parents: readonly LayerDescriptor[],
): Promise<number> {
  return unsigned(await api.call('CreateSandboxLayer', driverInfo, folder, 0, [...parents], parents.length));
}

export async function expandSandboxSize(folder: string, bytes: number): Promise<number> {
  return unsigned(await api.call('ExpandSandboxSize', driverInfo, folder, BigInt(bytes)));
}

export async function importLayer(
  folder: string,
  from: string,
  parents: readonly LayerDescriptor[],
): Promise<number> {
  return unsigned(await api.call('ImportLayer', driverInfo, folder, from, [...parents], parents.length));
}

export async function exportLayer(
  folder: string,
  to: string,
  parents: readonly LayerDescriptor[],
): Promise<number> {
  return unsigned(await api.call('ExportLayer', driverInfo, folder, to, [...parents], parents.length));
}

/** `\\?\Volume{guid}` of a prepared scratch, the folder itself for a read-only layer. Called twice, as Windows wants it. */
export async function layerMountPath(folder: string): Promise<{ hresult: number; path: string }> {
  const length: [number | bigint] = [0];
  const asked = unsigned(await api.call('GetLayerMountPath', driverInfo, folder, length, null));
  if (asked >= 0x80000000) return { hresult: asked, path: '' };
  const buffer = Buffer.alloc(Number(length[0]) * 2);
  const hresult = unsigned(await api.call('GetLayerMountPath', driverInfo, folder, length, buffer));
  return { hresult, path: buffer.toString('utf16le').replace(/\0.*$/s, '') };
}

/** The layer id that documents carry: a name-based GUID of the folder's base name. */
export async function nameToGuid(name: string): Promise<{ hresult: number; guid: Guid }> {
  const guid: Partial<Guid> = {};
  const hresult = unsigned(await api.call('NameToGuid', name, guid));
  const { Data1 = 0, Data2 = 0, Data3 = 0, Data4 = new Uint8Array(8) } = guid;
  return { hresult, guid: { Data1, Data2, Data3, Data4 } };
}

export async function processBaseImage(path: string): Promise<number> {
  return unsigned(await api.call('ProcessBaseImage', path));
}

export async function processUtilityImage(path: string): Promise<number> {
  return unsigned(await api.call('ProcessUtilityImage', path));
}

export async function grantVmAccess(vmId: string, path: string): Promise<number> {
  return unsigned(await api.call('GrantVmAccess', vmId, path));
}

/** Size of one descriptor in the array that the calls take: 32 bytes on x64. */
export const descriptorSize = (): number => koffi().sizeof('WC_LAYER_DESCRIPTOR');
