/** The stand-ins' own controls, from inside Windows Node (native/standin/standin.h). */
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { defineLibrary } from '../../../../src/host/windows/ffi/library.ts';

const core = defineLibrary('standin-core.dll', {
  StandinLedger: { proto: 'uint32_t __stdcall StandinLedger(void *buffer, uint32_t size)', mode: 'sync' },
  StandinWorld: { proto: 'uint32_t __stdcall StandinWorld(void *buffer, uint32_t size)', mode: 'sync' },
  StandinFault: {
    proto:
      'void __stdcall StandinFault(str16 function, int32_t countdown, uint32_t result, int32_t late, str16 document)',
    mode: 'sync',
  },
  StandinClearFaults: { proto: 'void __stdcall StandinClearFaults()', mode: 'sync' },
  StandinMode: { proto: 'void __stdcall StandinMode(str16 mode)', mode: 'sync' },
});

export interface Ledger {
  readonly open: Readonly<Record<string, number>>;
  readonly total: Readonly<Record<string, number>>;
  readonly violations: readonly string[];
}

export interface World {
  readonly systems: number;
  readonly processes: number;
  readonly credentials: number;
  readonly networks: number;
  readonly endpoints: number;
  readonly namespaces: number;
}

/** What there is behind the stand-ins, whoever made it. */
export function world(): World {
  const buffer = Buffer.alloc(4096);
  core.callSync('StandinWorld', buffer, buffer.length);
  const { systems, processes, credentials, networks, endpoints, namespaces } = JSON.parse(
    buffer.toString('utf8').replace(/\0.*$/s, ''),
  ) as World;
  return { systems, processes, credentials, networks, endpoints, namespaces };
}

/** Calls of a function, as the log has them. */
export function calls(name: string): Readonly<Record<string, string>>[] {
  return readFileSync(process.env['PORTHOLE_STANDIN_LOG']!, 'utf8')
    .split('\n')
    .filter((line) => line.includes(`"call":"${name}"`))
    .map((line) => (JSON.parse(line) as { arguments: Record<string, string> }).arguments);
}

/** What the stand-ins have given out and not got back, and every wrong use so far. */
export function ledger(): Ledger {
  const buffer = Buffer.alloc(65_536);
  core.callSync('StandinLedger', buffer, buffer.length);
  return JSON.parse(buffer.toString('utf8').replace(/\0.*$/s, '')) as Ledger;
}

/** `late`: false = the call fails; 'undone' = the operation that it begins; 'done' = the same, but the work is done. */
export interface Fault {
  readonly countdown?: number;
  readonly late?: 'undone' | 'done';
  readonly document?: string;
}

export function failNext(name: string, hresult: number, fault: Fault = {}): void {
  const late = fault.late === undefined ? 0 : fault.late === 'undone' ? 1 : 2;
  core.callSync('StandinFault', name, fault.countdown ?? 1, hresult, late, fault.document ?? '');
}

/** The next call of that function does not return for a long time. */
export function hangNext(name: string): void {
  failNext(name, 0x0badffff);
}

export function clearFaults(): void {
  core.callSync('StandinClearFaults');
}

/** `early`, `prompt`, `envelope`, `silent`, `tardy`, joined by blanks. */
export function setMode(mode: string): void {
  core.callSync('StandinMode', mode);
}

/** Closing is asynchronous, so the ledger is given a moment. */
export async function expectNothingOpen(when = ''): Promise<void> {
  let open: Record<string, number> = {};
  for (let attempt = 0; attempt < 200; attempt += 1) {
    open = Object.fromEntries(Object.entries(ledger().open).filter(([, count]) => count !== 0));
    if (Object.keys(open).length === 0) break;
    await delay(20);
  }
  expect(open, `${when} given out and never given back`).to.deep.equal({});
  const { violations } = ledger();
  expect(violations, `${when} wrong uses of handles and strings: ${violations.join(', ')}`).to.deep.equal([]);
}
