/**
 * The one place where memory and handles that Windows gave out are given back.
 *
 * Strings come through `void **` out cells, never as converted strings: koffi would drop the pointer (hcs.md 1.1). A result
 * string can be there on success and on failure, so callers take it on both paths; NULL is undefined.
 */
import { defineLibrary, koffi } from './library.ts';

const localMemory = defineLibrary('local-memory.dll', {
  LocalFree: { proto: 'void *__stdcall LocalFree(void *memory)', mode: 'sync' },
});

const kernel32 = defineLibrary('kernel32.dll', {
  CloseHandle: { proto: 'int32_t __stdcall CloseHandle(void *handle)', mode: 'sync' },
});

const taskMemory = defineLibrary('task-memory.dll', {
  CoTaskMemFree: { proto: 'void __stdcall CoTaskMemFree(void *memory)', mode: 'sync' },
});

export type Allocator = 'LocalFree' | 'CoTaskMemFree';

/** An out cell for one pointer: pass the array, read `[0]` after the call. */
export type PointerCell = [unknown];

export const pointerCell = (): PointerCell => [null];

/** Copies the UTF-16 string out of a cell and frees it with the allocator that its function documents. */
export function takeString(cell: PointerCell, allocator: Allocator): string | undefined {
  const pointer = cell[0];
  cell[0] = null;
  if (pointer === null || pointer === undefined || pointer === 0n) return undefined;
  try {
    return koffi().decode(pointer, 'char16_t', -1) as string;
  } finally {
    if (allocator === 'LocalFree') localMemory.callSync('LocalFree', pointer);
    else taskMemory.callSync('CoTaskMemFree', pointer);
  }
}

/** Gives back a handle that no stream took over. */
export function closeHandle(handle: bigint): void {
  kernel32.callSync('CloseHandle', handle);
}
