/** offreg.dll: registry hives as files, without mounting them (the offline registry library). Calls give Win32 codes. */
import { defineLibrary } from './library.ts';
import { pointerCell } from './memory.ts';

const api = defineLibrary('offreg.dll', {
  ORCreateHive: { proto: 'uint32_t __stdcall ORCreateHive(_Out_ void **hive)', mode: 'async' },
  ORSaveHive: {
    proto: 'uint32_t __stdcall ORSaveHive(void *hive, str16 path, uint32_t osMajor, uint32_t osMinor)',
    mode: 'async',
  },
  ORCloseHive: { proto: 'uint32_t __stdcall ORCloseHive(void *hive)', mode: 'async' },
});

/** Writes a hive with a root and nothing else to a path where nothing is. The version decides the hive's format. */
export async function saveEmptyHive(
  path: string,
  version: { readonly major: number; readonly minor: number },
): Promise<number> {
  const cell = pointerCell();
  const created = Number(await api.call('ORCreateHive', cell));
  if (created !== 0) return created;
  try {
    return Number(await api.call('ORSaveHive', cell[0], path, version.major, version.minor));
  } finally {
    await api.call('ORCloseHive', cell[0]);
  }
}
