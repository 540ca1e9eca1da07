/**
 * computecore.dll, Windows build 17763 and newer (hcs.md 1.3).
 *
 * Ownership: every operation handle is closed once, after its wait ended; result documents are freed by `takeString`.
 * Handles are BigInt, NULL is null. Waits are bounded, in slices, off the JavaScript thread. Events come through one callback
 * that never calls HCS; closing a handle waits for a running callback, so closing is asynchronous too (hcs.md 1.5).
 */
import { HRESULT } from '../../../hcs/hresult.ts';
import { defineLibrary, koffi } from './library.ts';
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
  HcsSetComputeSystemCallback: {
    proto:
      'int32_t __stdcall HcsSetComputeSystemCallback(void *computeSystem, uint32_t options, uintptr_t context, void *callback)',
    mode: 'async',
  },
  HcsSetProcessCallback: {
    proto:
      'int32_t __stdcall HcsSetProcessCallback(void *process, uint32_t options, uintptr_t context, void *callback)',
    mode: 'async',
  },
  HcsGetServiceProperties: {
    proto: 'int32_t __stdcall HcsGetServiceProperties(str16 query, _Out_ void **result)',
    mode: 'async',
  },
  HcsModifyServiceSettings: {
    proto: 'int32_t __stdcall HcsModifyServiceSettings(str16 settings, _Out_ void **result)',
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

/** True where computecore.dll has all that is used here: Windows build 17763 and newer. Older builds have a part of it. */
export function isAvailable(): boolean {
  return api.isComplete();
}

/** Longest single wait: a call under way holds a thread of libuv's few, and cannot be interrupted. */
const sliceMs = 500;

/**
 * Runs one call that takes an operation: creates it, calls, waits at most `timeoutMs`, closes it. The operation is closed
 * only after the wait returned, because closing while a call runs crashes (hcs.md 8.2). Closing one that is still in flight
 * is legal: HCS goes on and drops the result.
 */
async function withOperation<R extends OperationResult = OperationResult>(
  timeoutMs: number,
  start: (operation: unknown) => Promise<unknown>,
  wait: (operation: unknown, milliseconds: number) => Promise<R> = waitForResult as never,
): Promise<R | OperationResult> {
  const operation = api.callSync('HcsCreateOperation', null, null);
  if (operation === null) return { hresult: HRESULT.outOfMemory, document: undefined };
  try {
    const started = unsigned(await start(operation));
    if (failed(started)) return { hresult: started, document: undefined };
    for (const deadline = performance.now() + timeoutMs; ;) {
      const began = performance.now();
      const left = Math.max(0, deadline - began);
      const slice = Math.ceil(Math.min(left, sliceMs));
      const result = await wait(operation, slice);
      const running =
        result.hresult === HRESULT.operationTimeout || result.hresult === HRESULT.operationPending;
      // One that comes at once is not the wait's time-out but the operation's own result.
      const own = performance.now() - began < slice / 2;
      if (!running || own || left <= sliceMs) return result;
    }
  } finally {
    await api.call('HcsCloseOperation', operation);
  }
}

async function waitForResult(operation: unknown, milliseconds: number): Promise<OperationResult> {
  const document = pointerCell();
  const hresult = unsigned(await api.call('HcsWaitForOperationResult', operation, milliseconds, document));
  return { hresult, document: takeString(document, 'LocalFree') };
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
  listeners.delete(keys.get(handle) ?? 0n);
  keys.delete(handle);
}

/** `HCS_EVENT.Type` (hcs.md 1.4): other numbers than vmcompute's. */
export const eventType = { systemExited: 0x1, processExited: 0x10000, serviceDisconnect: 0x2000000 } as const;

export type EventListener = (type: number, data: string | undefined) => void;

const listeners = new Map<bigint, EventListener>();
const keys = new Map<SystemHandle | ProcessHandle, bigint>();
let nextKey = 1n;
let sharedCallback: unknown;

/** One callback for all handles; the context tells them apart. HCS's thread waits while it runs, so its data can be read. */
function callbackPointer(): unknown {
  sharedCallback ??= koffi().register(
    (event: unknown, context: bigint | number | null) => {
      const listener = listeners.get(BigInt(context ?? 0));
      if (listener === undefined) return;
      const { Type, EventData } = koffi().decode(event, 'HCS_EVENT') as {
        Type: number;
        EventData: bigint | null;
      };
      listener(Type, EventData === null ? undefined : (koffi().decode(EventData, 'char16_t', -1) as string));
    },
    koffi().pointer(koffi().proto('void __stdcall HCS_EVENT_CALLBACK(void *event, uintptr_t context)')),
  );
  return sharedCallback;
}

/** Once a handle; ends with it. */
async function setCallback(
  name: 'HcsSetComputeSystemCallback' | 'HcsSetProcessCallback',
  handle: SystemHandle | ProcessHandle,
  listener: EventListener,
): Promise<number> {
  const key = nextKey++;
  listeners.set(key, listener);
  const hresult = unsigned(await api.call(name, handle, 0, key, callbackPointer()));
  if (failed(hresult)) listeners.delete(key);
  else keys.set(handle, key);
  return hresult;
}

export const setSystemCallback = (handle: SystemHandle, listener: EventListener): Promise<number> =>
  setCallback('HcsSetComputeSystemCallback', handle, listener);

export const setProcessCallback = (handle: ProcessHandle, listener: EventListener): Promise<number> =>
  setCallback('HcsSetProcessCallback', handle, listener);

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

type ProcessResult = OperationResult & { readonly info?: ProcessInformation };

/**
 * Starts a process. The wait can fail spuriously although a valid handle came back (hcs.md 4.1): then the information is
 * asked for once more, and the first error stands when that fails too. The handle may be there with a failure.
 */
export async function createProcess(
  system: SystemHandle,
  parameters: string,
  timeoutMs: number,
): Promise<OperationResult & { handle: ProcessHandle | undefined; info: ProcessInformation | undefined }> {
  const cell = pointerCell();
  const created: ProcessResult = await withOperation<ProcessResult>(
    timeoutMs,
    (operation) => api.call('HcsCreateProcess', system, parameters, operation, null, cell),
    waitForProcessInfo,
  );
  const handle = (cell[0] ?? undefined) as ProcessHandle | undefined;
  if (!failed(created.hresult) || handle === undefined) return { ...created, handle, info: created.info };
  const again: ProcessResult = await withOperation<ProcessResult>(
    timeoutMs,
    (operation) => api.call('HcsGetProcessInfo', handle, operation),
    waitForProcessInfo,
  );
  if (!failed(again.hresult)) return { ...again, handle, info: again.info };
  return { ...created, handle, info: undefined };
}

async function waitForProcessInfo(operation: unknown, milliseconds: number): Promise<ProcessResult> {
  const raw: Partial<RawProcessInformation> = {};
  const document = pointerCell();
  const hresult = unsigned(
    await api.call('HcsWaitForOperationResultAndProcessInfo', operation, milliseconds, raw, document),
  );
  return { hresult, document: takeString(document, 'LocalFree'), info: information(raw) };
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
  listeners.delete(keys.get(handle) ?? 0n);
  keys.delete(handle);
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

export const serviceProperties = (query: string): Promise<OperationResult> =>
  serviceCall('HcsGetServiceProperties', query);

export const modifyServiceSettings = (settings: string): Promise<OperationResult> =>
  serviceCall('HcsModifyServiceSettings', settings);

async function serviceCall(
  name: 'HcsGetServiceProperties' | 'HcsModifyServiceSettings',
  text: string,
): Promise<OperationResult> {
  const cell = pointerCell();
  const hresult = unsigned(await api.call(name, text, cell));
  return { hresult, document: takeString(cell, 'LocalFree') };
}
