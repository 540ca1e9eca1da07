/**
 * computestorage.dll, Windows build 17763 and newer (windows-layers.md 4.3): layers by documents and by disks that the caller
 * attaches. All block, most for seconds: off the JavaScript thread; callers bound their waits.
 *
 * Ownership: disk handles stay the caller's; the one string that comes back is freed by LocalFree, as its reference says.
 */
import { defineLibrary } from './library.ts';
import { pointerCell, takeString } from './memory.ts';
import type { FileHandle } from './ntdll.ts';

const since = 17763;

const api = defineLibrary('computestorage.dll', {
  HcsImportLayer: {
    proto: 'int32_t __stdcall HcsImportLayer(str16 layer, str16 sourceFolder, str16 layerData)',
    mode: 'async',
    since,
  },
  HcsExportLayer: {
    proto:
      'int32_t __stdcall HcsExportLayer(str16 layer, str16 exportFolder, str16 layerData, str16 options)',
    mode: 'async',
    since,
  },
  HcsExportLegacyWritableLayer: {
    proto:
      'int32_t __stdcall HcsExportLegacyWritableLayer(str16 mountPath, str16 folder, str16 exportFolder, str16 layerData)',
    mode: 'async',
    since,
  },
  HcsDestroyLayer: { proto: 'int32_t __stdcall HcsDestroyLayer(str16 layer)', mode: 'async', since },
  HcsSetupBaseOSLayer: {
    proto: 'int32_t __stdcall HcsSetupBaseOSLayer(str16 layer, void *disk, str16 options)',
    mode: 'async',
    since,
  },
  HcsSetupBaseOSVolume: {
    proto: 'int32_t __stdcall HcsSetupBaseOSVolume(str16 layer, str16 volume, str16 options)',
    mode: 'async',
    optional: true,
    since: 19645,
  },
  HcsInitializeWritableLayer: {
    proto: 'int32_t __stdcall HcsInitializeWritableLayer(str16 volume, str16 layerData, str16 options)',
    mode: 'async',
    since,
  },
  HcsInitializeLegacyWritableLayer: {
    proto:
      'int32_t __stdcall HcsInitializeLegacyWritableLayer(str16 mountPath, str16 folder, str16 layerData, str16 options)',
    mode: 'async',
    since,
  },
  HcsAttachLayerStorageFilter: {
    proto: 'int32_t __stdcall HcsAttachLayerStorageFilter(str16 volume, str16 layerData)',
    mode: 'async',
    since,
  },
  HcsDetachLayerStorageFilter: {
    proto: 'int32_t __stdcall HcsDetachLayerStorageFilter(str16 volume)',
    mode: 'async',
    since,
  },
  HcsFormatWritableLayerVhd: {
    proto: 'int32_t __stdcall HcsFormatWritableLayerVhd(void *disk)',
    mode: 'async',
    since,
  },
  HcsGetLayerVhdMountPath: {
    proto: 'int32_t __stdcall HcsGetLayerVhdMountPath(void *disk, _Out_ void **mountPath)',
    mode: 'async',
    since,
  },
  // For layers of other forms (UnionFS over CIM): newer than the rest, and in no reference.
  HcsAttachOverlayFilter: {
    proto: 'int32_t __stdcall HcsAttachOverlayFilter(str16 volume, str16 layerData)',
    mode: 'async',
    optional: true,
  },
  HcsDetachOverlayFilter: {
    proto: 'int32_t __stdcall HcsDetachOverlayFilter(str16 volume, str16 layerData)',
    mode: 'async',
    optional: true,
  },
});

/** One read-only parent; arrays of them are topmost first. */
export interface StorageLayer {
  readonly Id: string;
  readonly Path: string;
}

export type OverlayFilter = 'WCIFS' | 'UnionFS';
export type OsLayerType = 'Container' | 'Vm';

const unsigned = (value: unknown): number => Number(value) >>> 0;

/** `LayerData`, schema 2.1. */
const dataOf = (layers: readonly StorageLayer[]): string =>
  JSON.stringify({ SchemaVersion: { Major: 2, Minor: 1 }, Layers: layers });

const overlayOf = (filter: OverlayFilter, layers: readonly StorageLayer[]): string =>
  JSON.stringify({ SchemaVersion: { Major: 2, Minor: 1 }, Layers: layers, FilterType: filter });

/** True where computestorage.dll has all that a layer needs from import to removal. */
export function isAvailable(): boolean {
  return api.isComplete();
}

/** Errors: `HOST_LIBRARY_MISSING`, `HOST_EXPORT_MISSING`. */
export function requireAvailable(): void {
  api.require();
}

/** `from`: a transport folder, whole: Files, Hives with all deltas, tombstones.txt. */
export async function importLayer(
  layer: string,
  from: string,
  parents: readonly StorageLayer[],
): Promise<number> {
  return unsigned(await api.call('HcsImportLayer', layer, from, dataOf(parents)));
}

/** `layer`: the volume of a mounted scratch with `writable`, else a layer's folder. `to` must exist. */
export async function exportLayer(
  layer: string,
  to: string,
  parents: readonly StorageLayer[],
  writable: boolean,
): Promise<number> {
  const options = JSON.stringify({ IsWritableLayer: writable });
  return unsigned(await api.call('HcsExportLayer', layer, to, dataOf(parents), options));
}

export async function exportLegacyWritableLayer(
  volume: string,
  folder: string,
  to: string,
  parents: readonly StorageLayer[],
): Promise<number> {
  return unsigned(await api.call('HcsExportLegacyWritableLayer', volume, folder, to, dataOf(parents)));
}

/** Deletes a folder with all rights, whatever it is: only ever a layer's own. */
export async function destroyLayer(layer: string): Promise<number> {
  return unsigned(await api.call('HcsDestroyLayer', layer));
}

/** `Container` wants no disk, `Vm` an attached one. */
export async function setupBaseOsLayer(
  layer: string,
  disk: FileHandle | null,
  type: OsLayerType,
): Promise<number> {
  return unsigned(await api.call('HcsSetupBaseOSLayer', layer, disk, JSON.stringify({ Type: type })));
}

export async function setupBaseOsVolume(layer: string, volume: string, type: OsLayerType): Promise<number> {
  return unsigned(await api.call('HcsSetupBaseOSVolume', layer, volume, JSON.stringify({ Type: type })));
}

/** Once in a scratch's life, while its disk is attached. */
export async function initializeWritableLayer(
  volume: string,
  parents: readonly StorageLayer[],
): Promise<number> {
  return unsigned(await api.call('HcsInitializeWritableLayer', volume, dataOf(parents), null));
}

export async function initializeLegacyWritableLayer(
  volume: string,
  folder: string,
  parents: readonly StorageLayer[],
): Promise<number> {
  return unsigned(await api.call('HcsInitializeLegacyWritableLayer', volume, folder, dataOf(parents), null));
}

export async function attachLayerStorageFilter(
  volume: string,
  parents: readonly StorageLayer[],
): Promise<number> {
  return unsigned(await api.call('HcsAttachLayerStorageFilter', volume, dataOf(parents)));
}

export async function detachLayerStorageFilter(volume: string): Promise<number> {
  return unsigned(await api.call('HcsDetachLayerStorageFilter', volume));
}

/** Partitions and formats a disk that nobody has attached. Before build 18362 it wants the disk's device instead. */
export async function formatWritableLayerVhd(disk: FileHandle): Promise<number> {
  return unsigned(await api.call('HcsFormatWritableLayerVhd', disk));
}

/** `\\?\Volume{guid}` of an attached disk, without its last backslash. Empty where this user may not have one. */
export async function layerVhdMountPath(disk: FileHandle): Promise<{ hresult: number; path: string }> {
  const cell = pointerCell();
  const hresult = unsigned(await api.call('HcsGetLayerVhdMountPath', disk, cell));
  return { hresult, path: (takeString(cell, 'LocalFree') ?? '').replace(/\\+$/, '') };
}

export async function attachOverlayFilter(
  volume: string,
  filter: OverlayFilter,
  layers: readonly StorageLayer[],
): Promise<number> {
  return unsigned(await api.call('HcsAttachOverlayFilter', volume, overlayOf(filter, layers)));
}

export async function detachOverlayFilter(volume: string, filter: OverlayFilter): Promise<number> {
  return unsigned(await api.call('HcsDetachOverlayFilter', volume, overlayOf(filter, [])));
}
