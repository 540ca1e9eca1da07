/**
 * vmcompute.dll!HNSCall: HNS v1's one entry point (networking.md 1.1). JSON in, JSON out, CoTaskMem memory, may take
 * seconds: always off the JavaScript thread. The response is read even when the HRESULT fails: it holds the better message.
 */
import { defineLibrary } from './library.ts';
import { pointerCell, takeString } from './memory.ts';

const api = defineLibrary('vmcompute.dll', {
  HNSCall: {
    proto: 'int32_t __stdcall HNSCall(str16 method, str16 path, str16 request, _Out_ void **response)',
    mode: 'async',
  },
});

export interface HnsReply {
  /** Unsigned. */
  readonly hresult: number;
  readonly response: string | undefined;
}

export async function hnsCall(
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  request: string,
): Promise<HnsReply> {
  const cell = pointerCell();
  const hresult = Number(await api.call('HNSCall', method, path, request, cell)) >>> 0;
  return { hresult, response: takeString(cell, 'CoTaskMemFree') };
}
