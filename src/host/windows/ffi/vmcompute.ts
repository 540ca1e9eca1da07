/**
 * vmcompute.dll's compute system functions (hcs.md 1.2): v1 documents, Hyper-V isolation, builds without computecore.
 * Create, Start, Pause and Resume may answer "pending" (0xC0370103): the completion is a notification, delivered by one
 * shared callback whose context is a small integer key. Result strings are CoTaskMem. Register right after create;
 * unregister, off the JavaScript thread, before close (it waits for callbacks in flight).
 */
import { defineLibrary, koffi } from './library.ts';
import { pointerCell, takeString } from './memory.ts';

const system = 'void *computeSystem';
const result = '_Out_ void **result';

const api = defineLibrary('vmcompute.dll', {
  HcsEnumerateComputeSystems: {
    proto: `int32_t __stdcall HcsEnumerateComputeSystems(str16 query, _Out_ void **systems, ${result})`,
    mode: 'async',
  },
  HcsCreateComputeSystem: {
    proto: `int32_t __stdcall HcsCreateComputeSystem(str16 id, str16 configuration, void *identity, _Out_ void **computeSystem, ${result})`,
    mode: 'async',
  },
  HcsOpenComputeSystem: {
    proto: `int32_t __stdcall HcsOpenComputeSystem(str16 id, _Out_ void **computeSystem, ${result})`,
    mode: 'async',
  },
  HcsCloseComputeSystem: { proto: `int32_t __stdcall HcsCloseComputeSystem(${system})`, mode: 'async' },
  HcsStartComputeSystem: verb('HcsStartComputeSystem'),
  HcsShutdownComputeSystem: verb('HcsShutdownComputeSystem'),
  HcsTerminateComputeSystem: verb('HcsTerminateComputeSystem'),
  HcsPauseComputeSystem: verb('HcsPauseComputeSystem'),
  HcsResumeComputeSystem: verb('HcsResumeComputeSystem'),
  HcsGetComputeSystemProperties: {
    proto: `int32_t __stdcall HcsGetComputeSystemProperties(${system}, str16 query, _Out_ void **properties, ${result})`,
    mode: 'async',
  },
  HcsRegisterComputeSystemCallback: {
    proto: `int32_t __stdcall HcsRegisterComputeSystemCallback(${system}, void *callback, uintptr_t context, _Out_ void **handle)`,
    mode: 'async',
  },
  HcsRegisterProcessCallback: {
    proto:
      'int32_t __stdcall HcsRegisterProcessCallback(void *process, void *callback, uintptr_t context, _Out_ void **handle)',
    mode: 'async',
  },
  HcsUnregisterProcessCallback: {
    proto: 'int32_t __stdcall HcsUnregisterProcessCallback(void *handle)',
    mode: 'async',
  },
  HcsUnregisterComputeSystemCallback: {
    proto: 'int32_t __stdcall HcsUnregisterComputeSystemCallback(void *handle)',
    mode: 'async',
  },
  HcsCreateProcess: {
    proto: `int32_t __stdcall HcsCreateProcess(${system}, str16 parameters, _Out_ HCS_PROCESS_INFORMATION *info, _Out_ void **process, ${result})`,
    mode: 'async',
  },
  HcsOpenProcess: {
    proto: `int32_t __stdcall HcsOpenProcess(${system}, uint32_t pid, _Out_ void **process, ${result})`,
    mode: 'async',
  },
  HcsCloseProcess: { proto: 'int32_t __stdcall HcsCloseProcess(void *process)', mode: 'async' },
  HcsTerminateProcess: {
    proto: `int32_t __stdcall HcsTerminateProcess(void *process, ${result})`,
    mode: 'async',
  },
  HcsSignalProcess: {
    proto: `int32_t __stdcall HcsSignalProcess(void *process, str16 options, ${result})`,
    mode: 'async',
    since: 17763,
  },
  HcsModifyProcess: {
    proto: `int32_t __stdcall HcsModifyProcess(void *process, str16 settings, ${result})`,
    mode: 'async',
  },
  HcsGetProcessProperties: {
    proto: `int32_t __stdcall HcsGetProcessProperties(void *process, _Out_ void **properties, ${result})`,
    mode: 'async',
  },
});

function verb<N extends string>(name: N): { proto: string; mode: 'async' } {
  return { proto: `int32_t __stdcall ${name}(${system}, str16 options, ${result})`, mode: 'async' };
}

export const isAvailable = (): boolean => api.has('HcsCreateComputeSystem');

export interface Reply {
  readonly hresult: number;
  readonly document: string | undefined;
}

const unsigned = (value: unknown): number => Number(value) >>> 0;

export async function enumerate(query: string): Promise<Reply> {
  const systems = pointerCell();
  const cell = pointerCell();
  const hresult = unsigned(await api.call('HcsEnumerateComputeSystems', query, systems, cell));
  const failure = takeString(cell, 'CoTaskMemFree');
  return { hresult, document: takeString(systems, 'CoTaskMemFree') ?? failure };
}

export async function create(id: string, document: string): Promise<Reply & { handle: bigint | undefined }> {
  const handle = pointerCell();
  const cell = pointerCell();
  const hresult = unsigned(await api.call('HcsCreateComputeSystem', id, document, null, handle, cell));
  return {
    hresult,
    document: takeString(cell, 'CoTaskMemFree'),
    handle: (handle[0] ?? undefined) as bigint | undefined,
  };
}

export async function open(id: string): Promise<Reply & { handle: bigint | undefined }> {
  const handle = pointerCell();
  const cell = pointerCell();
  const hresult = unsigned(await api.call('HcsOpenComputeSystem', id, handle, cell));
  return {
    hresult,
    document: takeString(cell, 'CoTaskMemFree'),
    handle: (handle[0] ?? undefined) as bigint | undefined,
  };
}

export async function close(handle: bigint): Promise<void> {
  await api.call('HcsCloseComputeSystem', handle);
}

export type Verb = 'Start' | 'Shutdown' | 'Terminate' | 'Pause' | 'Resume';

export async function systemVerb(name: Verb, handle: bigint): Promise<Reply> {
  const cell = pointerCell();
  const hresult = unsigned(await api.call(`Hcs${name}ComputeSystem`, handle, '', cell));
  return { hresult, document: takeString(cell, 'CoTaskMemFree') };
}

export async function properties(handle: bigint, query: string): Promise<Reply> {
  const answer = pointerCell();
  const cell = pointerCell();
  const hresult = unsigned(await api.call('HcsGetComputeSystemProperties', handle, query, answer, cell));
  const failure = takeString(cell, 'CoTaskMemFree');
  return { hresult, document: takeString(answer, 'CoTaskMemFree') ?? failure };
}

export interface ProcessInformation {
  readonly processId: number;
  readonly stdInput: bigint;
  readonly stdOutput: bigint;
  readonly stdError: bigint;
}

export async function createProcess(
  handle: bigint,
  parameters: string,
): Promise<Reply & { handle: bigint | undefined; info: ProcessInformation }> {
  const raw: {
    ProcessId?: number;
    StdInput?: bigint | null;
    StdOutput?: bigint | null;
    StdError?: bigint | null;
  } = {};
  const process = pointerCell();
  const cell = pointerCell();
  const hresult = unsigned(await api.call('HcsCreateProcess', handle, parameters, raw, process, cell));
  return {
    hresult,
    document: takeString(cell, 'CoTaskMemFree'),
    handle: (process[0] ?? undefined) as bigint | undefined,
    info: {
      processId: raw.ProcessId ?? 0,
      stdInput: raw.StdInput ?? 0n,
      stdOutput: raw.StdOutput ?? 0n,
      stdError: raw.StdError ?? 0n,
    },
  };
}

export async function openProcess(
  handle: bigint,
  pid: number,
): Promise<Reply & { handle: bigint | undefined }> {
  const process = pointerCell();
  const cell = pointerCell();
  const hresult = unsigned(await api.call('HcsOpenProcess', handle, pid, process, cell));
  return {
    hresult,
    document: takeString(cell, 'CoTaskMemFree'),
    handle: (process[0] ?? undefined) as bigint | undefined,
  };
}

export async function closeProcess(process: bigint): Promise<void> {
  await api.call('HcsCloseProcess', process);
}

export async function terminateProcess(process: bigint): Promise<Reply> {
  const cell = pointerCell();
  const hresult = unsigned(await api.call('HcsTerminateProcess', process, cell));
  return { hresult, document: takeString(cell, 'CoTaskMemFree') };
}

export async function signalProcess(process: bigint, options: string): Promise<Reply> {
  const cell = pointerCell();
  const hresult = unsigned(await api.call('HcsSignalProcess', process, options, cell));
  return { hresult, document: takeString(cell, 'CoTaskMemFree') };
}

export async function modifyProcess(process: bigint, settings: string): Promise<Reply> {
  const cell = pointerCell();
  const hresult = unsigned(await api.call('HcsModifyProcess', process, settings, cell));
  return { hresult, document: takeString(cell, 'CoTaskMemFree') };
}

export async function processProperties(process: bigint): Promise<Reply> {
  const answer = pointerCell();
  const cell = pointerCell();
  const hresult = unsigned(await api.call('HcsGetProcessProperties', process, answer, cell));
  const failure = takeString(cell, 'CoTaskMemFree');
  return { hresult, document: takeString(answer, 'CoTaskMemFree') ?? failure };
}

/** First callback argument (hcs.md 1.4). computecore's numbers differ. */
export const notification = {
  systemExited: 0x1,
  createCompleted: 0x2,
  startCompleted: 0x3,
  pauseCompleted: 0x4,
  resumeCompleted: 0x5,
  processExited: 0x10000,
  serviceDisconnect: 0x1000000,
} as const;

export type NotificationListener = (type: number, hresult: number) => void;

const listeners = new Map<bigint, NotificationListener>();
let nextKey = 1n;
let sharedCallback: unknown;

/** One callback for the process: koffi has few slots, and the key tells systems apart. It must not call into HCS. */
function callbackPointer(): unknown {
  sharedCallback ??= koffi().register(
    (type: number, context: bigint | number | null, status: number) => {
      listeners.get(BigInt(context ?? 0))?.(type, status >>> 0);
    },
    koffi().pointer(
      koffi().proto(
        'void __stdcall HCS_NOTIFICATION(uint32_t type, uintptr_t context, int32_t status, void *data)',
      ),
    ),
  );
  return sharedCallback;
}

export interface Registration {
  unregister(): Promise<void>;
}

/** Unregister before the handle is closed; it waits for a running callback. The HRESULT when HCS refused. */
export async function registerCallback(
  kind: 'ComputeSystem' | 'Process',
  handle: bigint,
  listener: NotificationListener,
): Promise<Registration | number> {
  const key = nextKey++;
  listeners.set(key, listener);
  const cell = pointerCell();
  const hresult = unsigned(
    await api.call(`HcsRegister${kind}Callback`, handle, callbackPointer(), key, cell),
  );
  if (hresult >= 0x80000000) {
    listeners.delete(key);
    return hresult;
  }
  const registration = cell[0];
  return {
    unregister: async () => {
      await api.call(`HcsUnregister${kind}Callback`, registration);
      listeners.delete(key);
    },
  };
}
