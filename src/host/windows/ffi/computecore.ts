/**
 * computecore.dll, Windows build 17763 and newer (hcs.md 1.3).
 *
 * Ownership: every operation handle is closed once, after its wait ended; result documents are freed by `takeString`.
 * Handles are BigInt, NULL is null. No callback is registered: waits are bounded and polled off the JavaScript thread.
 */
import { defineLibrary } from './library.ts';
import { pointerCell, takeString } from './memory.ts';

export type OperationHandle = bigint & { readonly __brand: 'HCS_OPERATION' };
export type SystemHandle = bigint & { readonly __brand: 'HCS_SYSTEM' };
export type ProcessHandle = bigint & { readonly __brand: 'HCS_PROCESS' };

const api = defineLibrary('computecore.dll', {
  HcsCreateOperation: {
    proto: 'void *__stdcall HcsCreateOperation(void *context, void *callback)',
    mode: 'sync',
  },
  HcsCloseOperation: { proto: 'void __stdcall HcsCloseOperation(void *operation)', mode: 'async' },
  HcsWaitForOperationResult: {
    proto:
      'int32_t __stdcall HcsWaitForOperationResult(void *operation, uint32_t timeoutMs, _Out_ void **resultDocument)',
    mode: 'async',
  },
  HcsWaitForOperationResultAndProcessInfo: {
    proto:
      'int32_t __stdcall HcsWaitForOperationResultAndProcessInfo(void *operation, uint32_t timeoutMs, _Out_ HCS_PROCESS_INFORMATION *info, _Out_ void **resultDocument)',
    mode: 'async',
  },
  HcsEnumerateComputeSystems: {
    proto: 'int32_t __stdcall HcsEnumerateComputeSystems(str16 query, void *operation)',
    mode: 'async',
  },
  HcsCreateComputeSystem: {
    proto:
      'int32_t __stdcall HcsCreateComputeSystem(str16 id, str16 configuration, void *operation, void *securityDescriptor, _Out_ void **computeSystem)',
    mode: 'async',
  },
  HcsOpenComputeSystem: {
    proto:
      'int32_t __stdcall HcsOpenComputeSystem(str16 id, uint32_t requestedAccess, _Out_ void **computeSystem)',
    mode: 'async',
  },
  HcsCloseComputeSystem: {
    proto: 'void __stdcall HcsCloseComputeSystem(void *computeSystem)',
    mode: 'async',
  },
  HcsStartComputeSystem: systemCall('HcsStartComputeSystem'),
  HcsShutDownComputeSystem: systemCall('HcsShutDownComputeSystem'),
  HcsTerminateComputeSystem: systemCall('HcsTerminateComputeSystem'),
  HcsPauseComputeSystem: systemCall('HcsPauseComputeSystem'),
  HcsResumeComputeSystem: systemCall('HcsResumeComputeSystem'),
  HcsGetComputeSystemProperties: systemCall('HcsGetComputeSystemProperties'),
  HcsModifyComputeSystem: {
    proto:
      'int32_t __stdcall HcsModifyComputeSystem(void *computeSystem, void *operation, str16 configuration, void *identity)',
    mode: 'async',
  },
  HcsCreateProcess: {
    proto:
      'int32_t __stdcall HcsCreateProcess(void *computeSystem, str16 parameters, void *operation, void *securityDescriptor, _Out_ void **process)',
    mode: 'async',
  },
  HcsOpenProcess: {
    proto:
      'int32_t __stdcall HcsOpenProcess(void *computeSystem, uint32_t processId, uint32_t requestedAccess, _Out_ void **process)',
    mode: 'async',
  },
  HcsCloseProcess: { proto: 'void __stdcall HcsCloseProcess(void *process)', mode: 'async' },
  HcsTerminateProcess: systemCall('HcsTerminateProcess'),
  HcsSignalProcess: systemCall('HcsSignalProcess'),
  HcsModifyProcess: systemCall('HcsModifyProcess'),
  HcsGetProcessProperties: systemCall('HcsGetProcessProperties'),
  HcsGetProcessInfo: {
    proto: 'int32_t __stdcall HcsGetProcessInfo(void *process, void *operation)',
    mode: 'async',
  },
  HcsGetServiceProperties: {
    proto: 'int32_t __stdcall HcsGetServiceProperties(str16 query, _Out_ void **result)',
    mode: 'async',
  },
});

/** The shape that most calls share: handle, operation, one JSON string; S_OK = started. */
function systemCall<N extends string>(name: N): { proto: string; mode: 'async' } {
  return { proto: `int32_t __stdcall ${name}(void *handle, void *operation, str16 options)`, mode: 'async' };
}

/** GENERIC_ALL: what both open calls must be given. */
const genericAll = 0x10000000;

/** Stdio handles, owned by the caller; 0 = that pipe was not asked for. */
export interface ProcessInformation {
  readonly processId: number;
  readonly stdInput: bigint;
  readonly stdOutput: bigint;
  readonly stdError: bigint;
}

/** HRESULT as unsigned 32 bits, and the document that came with it: an answer or a ResultError. */
export interface OperationResult {
  readonly hresult: number;
  readonly document: string | undefined;
}

const unsigned = (hresult: unknown): number => Number(hresult) >>> 0;
const failed = (hresult: number): boolean => hresult >= 0x80000000;

/** True where computecore.dll exists: Windows build 17763 and newer. */
export function isAvailable(): boolean {
  return api.has('HcsCreateOperation');
}

/**
 * Runs one call that takes an operation: creates it, calls, waits at most `timeoutMs`, closes it. The operation is closed
 * only after the wait returned, because closing while a call runs crashes (hcs.md 8.2).
 */
async function withOperation(
  timeoutMs: number,
  start: (operation: unknown) => Promise<unknown>,
): Promise<OperationResult> {
  const operation = api.callSync('HcsCreateOperation', null, null);
  try {
    const started = unsigned(await start(operation));
    if (failed(started)) return { hresult: started, document: undefined };
    const document = pointerCell();
    const hresult = unsigned(await api.call('HcsWaitForOperationResult', operation, timeoutMs, document));
    return { hresult, document: takeString(document, 'LocalFree') };
  } finally {
    await api.call('HcsCloseOperation', operation);
  }
}

export function enumerateComputeSystems(query: string, timeoutMs: number): Promise<OperationResult> {
  return withOperation(timeoutMs, (operation) => api.call('HcsEnumerateComputeSystems', query, operation));
}

/** The handle may be there although the result is a failure: terminate and close it then. */
export async function createComputeSystem(
  id: string,
  document: string,
  timeoutMs: number,
): Promise<OperationResult & { handle: SystemHandle | undefined }> {
  const cell = pointerCell();
  const result = await withOperation(timeoutMs, (operation) =>
    api.call('HcsCreateComputeSystem', id, document, operation, null, cell),
  );
  return { ...result, handle: (cell[0] ?? undefined) as SystemHandle | undefined };
}

export async function openComputeSystem(
  id: string,
): Promise<{ hresult: number; handle: SystemHandle | undefined }> {
  const cell = pointerCell();
  const hresult = unsigned(await api.call('HcsOpenComputeSystem', id, genericAll, cell));
  return { hresult, handle: (cell[0] ?? undefined) as SystemHandle | undefined };
}

export async function closeComputeSystem(handle: SystemHandle): Promise<void> {
  await api.call('HcsCloseComputeSystem', handle);
}

export type SystemVerb = 'Start' | 'ShutDown' | 'Terminate' | 'Pause' | 'Resume';

export function systemVerb(
  verb: SystemVerb,
  handle: SystemHandle,
  timeoutMs: number,
): Promise<OperationResult> {
  return withOperation(timeoutMs, (operation) => api.call(`Hcs${verb}ComputeSystem`, handle, operation, ''));
}

export function systemProperties(
  handle: SystemHandle,
  query: string,
  timeoutMs: number,
): Promise<OperationResult> {
  return withOperation(timeoutMs, (operation) =>
    api.call('HcsGetComputeSystemProperties', handle, operation, query),
  );
}

export function modifyComputeSystem(
  handle: SystemHandle,
  request: string,
  timeoutMs: number,
): Promise<OperationResult> {
  return withOperation(timeoutMs, (operation) =>
    api.call('HcsModifyComputeSystem', handle, operation, request, null),
  );
}

interface RawProcessInformation {
  ProcessId: number;
  StdInput: bigint | null;
  StdOutput: bigint | null;
  StdError: bigint | null;
}

const information = (raw: Partial<RawProcessInformation>): ProcessInformation => ({
  processId: raw.ProcessId ?? 0,
  stdInput: raw.StdInput ?? 0n,
  stdOutput: raw.StdOutput ?? 0n,
  stdError: raw.StdError ?? 0n,
});

/**
 * Starts a process. The wait can fail spuriously although a valid handle came back (hcs.md 4.1): then the information is
 * asked for once more, and the first error stands when that fails too.
 */
export async function createProcess(
  system: SystemHandle,
  parameters: string,
  timeoutMs: number,
): Promise<OperationResult & { handle: ProcessHandle | undefined; info: ProcessInformation | undefined }> {
  const cell = pointerCell();
  const operation = api.callSync('HcsCreateOperation', null, null);
  try {
    const started = unsigned(await api.call('HcsCreateProcess', system, parameters, operation, null, cell));
    if (failed(started)) return { hresult: started, document: undefined, handle: undefined, info: undefined };
    const waited = await waitForProcessInfo(operation, timeoutMs);
    const handle = (cell[0] ?? undefined) as ProcessHandle | undefined;
    if (!failed(waited.hresult)) return { ...waited, handle };
    if (handle === undefined) return { ...waited, handle, info: undefined };
    const again = await processInfo(handle, timeoutMs);
    if (!failed(again.hresult)) return { ...again, handle };
    return { ...waited, handle, info: undefined };
  } finally {
    await api.call('HcsCloseOperation', operation);
  }
}

async function waitForProcessInfo(
  operation: unknown,
  timeoutMs: number,
): Promise<OperationResult & { info: ProcessInformation }> {
  const raw: Partial<RawProcessInformation> = {};
  const document = pointerCell();
  const hresult = unsigned(
    await api.call('HcsWaitForOperationResultAndProcessInfo', operation, timeoutMs, raw, document),
  );
  return { hresult, document: takeString(document, 'LocalFree'), info: information(raw) };
}

async function processInfo(
  handle: ProcessHandle,
  timeoutMs: number,
): Promise<OperationResult & { info: ProcessInformation }> {
  const operation = api.callSync('HcsCreateOperation', null, null);
  try {
    const started = unsigned(await api.call('HcsGetProcessInfo', handle, operation));
    if (failed(started)) return { hresult: started, document: undefined, info: information({}) };
    return await waitForProcessInfo(operation, timeoutMs);
  } finally {
    await api.call('HcsCloseOperation', operation);
  }
}

export async function openProcess(
  system: SystemHandle,
  pid: number,
): Promise<{ hresult: number; handle: ProcessHandle | undefined }> {
  const cell = pointerCell();
  const hresult = unsigned(await api.call('HcsOpenProcess', system, pid, genericAll, cell));
  return { hresult, handle: (cell[0] ?? undefined) as ProcessHandle | undefined };
}

export async function closeProcess(handle: ProcessHandle): Promise<void> {
  await api.call('HcsCloseProcess', handle);
}

export function terminateProcess(handle: ProcessHandle, timeoutMs: number): Promise<OperationResult> {
  return withOperation(timeoutMs, (operation) => api.call('HcsTerminateProcess', handle, operation, ''));
}

export function signalProcess(
  handle: ProcessHandle,
  options: string,
  timeoutMs: number,
): Promise<OperationResult> {
  return withOperation(timeoutMs, (operation) => api.call('HcsSignalProcess', handle, operation, options));
}

export function modifyProcess(
  handle: ProcessHandle,
  settings: string,
  timeoutMs: number,
): Promise<OperationResult> {
  return withOperation(timeoutMs, (operation) => api.call('HcsModifyProcess', handle, operation, settings));
}

/** ProcessStatus (hcs.md 3.4): works on any build, unlike HcsWaitForProcessExit. */
export function processProperties(handle: ProcessHandle, timeoutMs: number): Promise<OperationResult> {
  return withOperation(timeoutMs, (operation) => api.call('HcsGetProcessProperties', handle, operation, ''));
}

export async function serviceProperties(query: string): Promise<OperationResult> {
  const cell = pointerCell();
  const hresult = unsigned(await api.call('HcsGetServiceProperties', query, cell));
  return { hresult, document: takeString(cell, 'LocalFree') };
}
