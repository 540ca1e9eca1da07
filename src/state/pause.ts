const cell = new Int32Array(new SharedArrayBuffer(4));

/** Blocks the thread. For retry loops of a few milliseconds in code that is synchronous by design (performance.md 5). */
export function pauseSync(milliseconds: number): void {
  Atomics.wait(cell, 0, 0, milliseconds);
}
