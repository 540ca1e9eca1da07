/**
 * Gives the memory behind a consumed buffer back at once. Pulling makes garbage of some hundred MB a second outside of V8's
 * heap, which V8 collects only when much has piled up: without this the peak is 60 MB higher (performance.md P6).
 *
 * Only for buffers that came in order from a source which cuts them out of larger ones, and only when nobody uses them any
 * more: memory is given back with the last piece cut out of it. Buffers of Node's shared pool are left alone.
 */
export function releaseBuffer(buffer: Uint8Array): void {
  const memory = buffer.buffer;
  const isLastPiece = buffer.byteOffset + buffer.byteLength === memory.byteLength;
  if (!isLastPiece || memory.byteLength < minBytes || !(memory instanceof ArrayBuffer)) return;
  memory.transfer(0);
}

/** Twice what Node's pool hands out from one piece of memory. */
const minBytes = 2 * Buffer.poolSize;
