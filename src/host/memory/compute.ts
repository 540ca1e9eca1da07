import { PassThrough, type Readable, type Writable } from 'node:stream';
import type { ComputeSystemDocument, ProcessParameters } from '../../hcs/documents.ts';
import { HcsError } from '../../hcs/hcs-error.ts';
import { HRESULT } from '../../hcs/hresult.ts';
import type {
  ComputeHost,
  ComputePort,
  ComputeProcess,
  ComputeProcessInfo,
  ComputeStatistics,
  ComputeSystem,
  ComputeSystemSummary,
  PortCall,
  ProcessExit,
  SystemExit,
} from '../ports/compute.ts';

/** What a scripted program sees. It returns its exit code; when it is killed its code does not count any more. */
export interface ProgramContext {
  readonly parameters: ProcessParameters;
  /** Ends at once when no pipe was asked for. */
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** Aborted when the process or its system is terminated. */
  readonly killed: AbortSignal;
  /** Called for each signal; a program without a handler ends with 0xC000013A, as Windows' default handler does. */
  readonly onSignal: (handler: (name: string) => void) => void;
  readonly onResize: (handler: (height: number, width: number) => void) => void;
}

export type Program = (context: ProgramContext) => Promise<number> | number;

export interface MemoryComputeOptions {
  /** Programs by command line. An unscripted one is ERROR_FILE_NOT_FOUND, as a missing executable is. */
  readonly programs?:
    Readonly<Record<string, Program>> | ((parameters: ProcessParameters) => Program | undefined);
  readonly host?: Partial<ComputeHost>;
  /** Folders that are no folders: ERROR_DIRECTORY. */
  readonly badDirectories?: readonly string[];
  readonly owner?: string;
}

/** A fake of the compute port with HCS' state machine and codes, and a look inside for tests. */
export interface MemoryCompute extends ComputePort {
  /** Documents of the systems that exist, by ID. */
  document(id: string): ComputeSystemDocument | undefined;
  /** IDs given to `cleanup`, in order. */
  readonly cleaned: readonly string[];
  /** The owner of a system dies: its processes and its handle are gone, the system is gone too. */
  crash(id: string): void;
  /** Makes the next call of that verb fail. */
  failNext(verb: MemoryVerb, error: HcsError): void;
}

export type MemoryVerb =
  'create' | 'open' | 'list' | 'start' | 'shutdown' | 'terminate' | 'createProcess' | 'cleanup';

const controlCExit = 0xc000013a;

class MemoryProcess implements ComputeProcess {
  readonly pid: number;
  readonly imageName: string;
  readonly stdin?: Writable;
  readonly stdout?: Readable;
  readonly stderr?: Readable;
  readonly #exit = Promise.withResolvers<ProcessExit>();
  readonly #abort = new AbortController();
  readonly #systemId: string;
  #signalHandlers: ((name: string) => void)[] = [];
  #resizeHandlers: ((height: number, width: number) => void)[] = [];
  #exited = false;
  readonly #streams: readonly [stdin: PassThrough, stdout: PassThrough, stderr: PassThrough];

  constructor(systemId: string, pid: number, parameters: ProcessParameters, program: Program) {
    this.#systemId = systemId;
    this.pid = pid;
    this.imageName = imageNameOf(parameters.CommandLine);
    const stdin = new PassThrough();
    const stdout = new PassThrough();
    const stderr = new PassThrough();
    if (parameters.CreateStdInPipe === true) this.stdin = stdin;
    else stdin.end();
    if (parameters.CreateStdOutPipe === true) this.stdout = stdout;
    else stdout.resume();
    const hasStderr = parameters.CreateStdErrPipe === true && parameters.EmulateConsole !== true;
    if (hasStderr) this.stderr = stderr;
    else stderr.resume();
    this.#streams = [stdin, stdout, stderr];
    void this.#run(program, {
      parameters,
      stdin,
      stdout,
      stderr: parameters.EmulateConsole === true ? stdout : stderr,
      killed: this.#abort.signal,
      onSignal: (handler) => void this.#signalHandlers.push(handler),
      onResize: (handler) => void this.#resizeHandlers.push(handler),
    });
  }

  get exited(): boolean {
    return this.#exited;
  }

  async #run(program: Program, context: ProgramContext): Promise<void> {
    await Promise.resolve();
    try {
      this.#finish(await program(context));
    } catch (error) {
      if (!this.#abort.signal.aborted) {
        this.#finish(0xc0000005);
        throw error;
      }
    }
  }

  #finish(exitCode: number): void {
    if (this.#exited) return;
    this.#exited = true;
    const [stdin, stdout, stderr] = this.#streams;
    stdin.destroy();
    stdout.end();
    stderr.end();
    this.#exit.resolve({ exitCode: exitCode >>> 0 });
  }

  end(exitCode: number): void {
    if (this.#exited) return;
    this.#abort.abort();
    this.#finish(exitCode);
  }

  async resize(height: number, width: number): Promise<void> {
    if (this.#exited)
      throw new HcsError('Process::ResizeConsole', HRESULT.processAlreadyStopped, {
        systemId: this.#systemId,
      });
    for (const handler of this.#resizeHandlers) handler(height, width);
  }

  async signal(name: string): Promise<boolean> {
    if (this.#exited) return false;
    if (this.#signalHandlers.length === 0) this.end(controlCExit);
    for (const handler of this.#signalHandlers) handler(name);
    return true;
  }

  async kill(): Promise<boolean> {
    if (this.#exited) return false;
    this.end(1);
    return true;
  }

  async waitExit(call?: PortCall): Promise<ProcessExit> {
    return abortable(this.#exit.promise, call);
  }

  close(): void {
    // Handles have no life of their own here.
  }
}

interface SystemRecord {
  readonly id: string;
  readonly document: ComputeSystemDocument;
  state: ComputeSystemSummary['state'];
  readonly processes: MemoryProcess[];
  readonly exit: PromiseWithResolvers<SystemExit>;
}

export function createMemoryCompute(options: MemoryComputeOptions = {}): MemoryCompute {
  const systems = new Map<string, SystemRecord>();
  const failures = new Map<MemoryVerb, HcsError>();
  const cleaned: string[] = [];
  let nextPid = 1000;

  const enter = (verb: MemoryVerb, call: PortCall | undefined): void => {
    call?.signal?.throwIfAborted();
    const failure = failures.get(verb);
    if (failure === undefined) return;
    failures.delete(verb);
    throw failure;
  };
  const stop = (record: SystemRecord, kind: SystemExit['kind'], code: number): void => {
    if (record.state === 'Stopped') return;
    record.state = 'Stopped';
    systems.delete(record.id);
    for (const running of record.processes) running.end(code);
    record.exit.resolve({ kind });
  };
  const programFor = (parameters: ProcessParameters): Program | undefined =>
    typeof options.programs === 'function'
      ? options.programs(parameters)
      : options.programs?.[parameters.CommandLine];

  const handleOf = (record: SystemRecord): ComputeSystem => {
    const fail = (op: string, code: number): HcsError =>
      new HcsError(`System::${op}`, code, { systemId: record.id });
    const expectState = (op: string, ...states: ComputeSystemSummary['state'][]): void => {
      if (states.includes(record.state)) return;
      throw fail(op, record.state === 'Stopped' ? HRESULT.systemAlreadyStopped : HRESULT.invalidState);
    };
    return {
      id: record.id,
      async start(call) {
        enter('start', call);
        expectState('Start', 'Created');
        record.state = 'Running';
      },
      async shutdown(call) {
        enter('shutdown', call);
        expectState('Shutdown', 'Running', 'Paused');
        for (const running of record.processes) await running.signal('CtrlShutdown');
        // Programs that handle the request decide themselves when they end; the system follows the last one.
        void Promise.all(record.processes.map((running) => running.waitExit())).then(() =>
          stop(record, 'shutdown', controlCExit),
        );
      },
      async terminate(call) {
        enter('terminate', call);
        expectState('Terminate', 'Created', 'Running', 'Paused');
        stop(record, 'terminated', 1);
      },
      async pause() {
        expectState('Pause', 'Running');
        if (!isHyperv(record.document)) throw fail('Pause', HRESULT.notSupported);
        record.state = 'Paused';
      },
      async resume() {
        if (!isHyperv(record.document)) throw fail('Resume', HRESULT.notSupported);
        expectState('Resume', 'Paused');
        record.state = 'Running';
      },
      async statistics(): Promise<ComputeStatistics> {
        expectState('Properties', 'Running', 'Paused');
        const running = BigInt(record.processes.filter((each) => !each.exited).length);
        return {
          totalRuntime100ns: running * 156_250n,
          userRuntime100ns: running * 31_250n,
          kernelRuntime100ns: running * 125_000n,
          memoryCommitBytes: 73_400_320,
          memoryCommitPeakBytes: 80_740_352,
          memoryPrivateWorkingSetBytes: 44_040_192,
          readBytes: 0,
          writeBytes: 0,
        };
      },
      async processes(): Promise<ComputeProcessInfo[]> {
        expectState('Properties', 'Running', 'Paused');
        return record.processes
          .filter((each) => !each.exited)
          .map((each) => ({
            processId: each.pid,
            imageName: each.imageName,
            createTimestamp: '2026-01-02T03:00:01Z',
            userTime100ns: 0n,
            kernelTime100ns: 156_250n,
            workingSetPrivateBytes: 573_440,
          }));
      },
      async createProcess(parameters, call) {
        enter('createProcess', call);
        expectState('CreateProcess', 'Running');
        const folder = parameters.WorkingDirectory ?? '';
        if (options.badDirectories?.some((bad) => bad.toLowerCase() === folder.toLowerCase()) === true)
          throw fail('CreateProcess', HRESULT.directoryInvalid);
        const program = programFor(parameters);
        if (program === undefined) throw fail('CreateProcess', HRESULT.fileNotFound);
        nextPid += 4;
        const created = new MemoryProcess(record.id, nextPid, parameters, program);
        record.processes.push(created);
        return created;
      },
      waitExit: async (call) => abortable(record.exit.promise, call),
      close: () => undefined,
    };
  };

  return {
    cleaned,
    async create(id, document, call) {
      enter('create', call);
      if (systems.has(id))
        throw new HcsError('CreateComputeSystem', HRESULT.systemAlreadyExists, { systemId: id });
      if (!isDocument(document))
        throw new HcsError('CreateComputeSystem', HRESULT.invalidJson, { systemId: id });
      const record: SystemRecord = {
        id,
        document: structuredClone(document),
        state: 'Created',
        processes: [],
        exit: Promise.withResolvers<SystemExit>(),
      };
      systems.set(id, record);
      return handleOf(record);
    },
    async open(id, call) {
      enter('open', call);
      const record = systems.get(id);
      if (record === undefined)
        throw new HcsError('OpenComputeSystem', HRESULT.systemNotFound, { systemId: id });
      return handleOf(record);
    },
    async list(call) {
      enter('list', call);
      return [...systems.values()]
        .filter((record) => record.document.Owner === (options.owner ?? 'porthole'))
        .map((record) => ({ id: record.id, owner: record.document.Owner, state: record.state }));
    },
    async host() {
      return {
        osVersion: '10.0.20348.2227',
        sku: 'server',
        hypervAvailable: true,
        processIsolationAvailable: true,
        backend: 'memory',
        description: 'memory',
        limits: { memory: true, cpu: true },
        ...options.host,
      };
    },
    async cleanup(id, call) {
      enter('cleanup', call);
      cleaned.push(id);
      const record = systems.get(id);
      if (record !== undefined) stop(record, 'unexpected', 1);
    },
    document: (id) => systems.get(id)?.document,
    crash(id) {
      const record = systems.get(id);
      if (record !== undefined) stop(record, 'unexpected', 1);
    },
    failNext: (verb, error) => void failures.set(verb, error),
  };
}

function isDocument(document: ComputeSystemDocument): boolean {
  if ('SystemType' in document)
    return (
      document.SystemType === 'Container' && Array.isArray(document.Layers) && document.Layers.length > 0
    );
  return document.SchemaVersion?.Major === 2 && (document.Container?.Storage?.Layers?.length ?? 0) > 0;
}

function isHyperv(document: ComputeSystemDocument): boolean {
  return 'SystemType' in document && document.HvPartition;
}

/** `cmd.exe` for `cmd /c x` and `"C:\a b\cmd.exe" x`. */
function imageNameOf(commandLine: string): string {
  const path = /^"([^"]*)"|^(\S+)/.exec(commandLine);
  const name = (path?.[1] ?? path?.[2] ?? '').split(/[\\/]/).at(-1) ?? '';
  return /\.[a-z]{3}$/i.test(name) ? name : `${name}.exe`;
}

/** The promise, unless the signal aborts first. */
function abortable<T>(promise: Promise<T>, call: PortCall | undefined): Promise<T> {
  const signal = call?.signal;
  if (signal === undefined) return promise;
  return new Promise<T>((resolve, reject) => {
    const abort = (): void => reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
