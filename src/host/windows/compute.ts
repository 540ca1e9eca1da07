/**
 * The compute port on HCS (hcs.md 4). v2 documents go to computecore, v1 documents (Hyper-V isolation, older builds) to
 * vmcompute. Systems never end with their last handle (design.md 6), so another process can open and clean them up.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { ComputeSystemDocument, ProcessParameters } from '../../hcs/documents.ts';
import { HcsError, isAlreadyStopped, isInvalidState, isNotExist } from '../../hcs/hcs-error.ts';
import { HRESULT, sameCondition } from '../../hcs/hresult.ts';
import type {
  ComputeHost,
  ComputePort,
  ComputeProcess,
  ComputeProcessInfo,
  ComputeStatistics,
  ComputeSystem,
  ComputeSystemSummary,
  PortCall,
  SystemExit,
} from '../ports/compute.ts';
import { unlessAborted } from './abort.ts';
import { bounded, serviceHangs } from './bounded.ts';
import { WindowsComputeProcess } from './compute-process.ts';
import { removeCredentialGuard, removeLeftGuard, withCredentialGuard } from './credential-guard.ts';
import { answerOf, failure, isServiceGone, serviceGoneMs } from './hcs-failure.ts';
import { closeHandle } from './ffi/memory.ts';
import {
  hcsTimeouts,
  type DriverHandle,
  type DriverProcessInfo,
  type DriverResult,
  type HcsDriver,
  type HcsServiceDriver,
  type SystemVerb,
} from './hcs-driver.ts';
import { OpenHandle } from './open-handle.ts';
import { Wake } from './wake.ts';

/** The Owner of every document of ours: what `list` and reconciling go by. */
export const owner = 'porthole';

export interface WindowsComputeDependencies {
  /** computecore; undefined below Windows build 17763. */
  readonly v2: (HcsDriver & HcsServiceDriver) | undefined;
  readonly v1: HcsDriver;
  readonly host: () => Promise<ComputeHost>;
  readonly credentialSpec: (name: string) => string | undefined;
}

interface BaseProperties {
  Id?: string;
  Owner?: string;
  State?: ComputeSystemSummary['state'];
  Stopped?: boolean;
  ExitType?: string;
  Statistics?: {
    Processor?: { TotalRuntime100ns?: number; RuntimeUser100ns?: number; RuntimeKernel100ns?: number };
    Memory?: {
      MemoryUsageCommitBytes?: number;
      MemoryUsageCommitPeakBytes?: number;
      MemoryUsagePrivateWorkingSetBytes?: number;
    };
    Storage?: { ReadSizeBytes?: number; WriteSizeBytes?: number };
  };
  ProcessList?: {
    ProcessId: number;
    ImageName?: string;
    CreateTimestamp?: string;
    UserTime100ns?: number;
    KernelTime100ns?: number;
    MemoryWorkingSetPrivateBytes?: number;
  }[];
}

/** How long `cleanup` waits for the end that it asked for (hcs.md 4.3). */
const terminateMs = 30_000;
const longestPauseMs = 1000;
/** How long the event that tells how a system ended may come after its end; it can be lost. */
const lateEventMs = 2000;

export function createWindowsCompute(dependencies: WindowsComputeDependencies): ComputePort {
  const { v1, v2 } = dependencies;
  const drivers = v2 === undefined ? [v1] : [v2, v1];
  /** Containers for which this process added a credential guard. */
  const guarded = new Set<string>();

  async function open(id: string): Promise<WindowsComputeSystem> {
    const op = 'OpenComputeSystem';
    let first: HcsError | undefined;
    for (const driver of drivers) {
      const result = await bounded(driver.openSystem(id), hcsTimeouts.call, hangs(op, id), (late) =>
        late.handle === undefined ? undefined : driver.closeSystem(late.handle),
      );
      const error = failure(op, result, id);
      if (error === undefined && result.handle !== undefined)
        return new WindowsComputeSystem(driver, id, result.handle);
      first ??= error;
      // One service answers both DLLs: only a missing system is worth a second question.
      if (error !== undefined && !isNotExist(error)) break;
    }
    throw first ?? new HcsError(op, HRESULT.systemNotFound, { systemId: id });
  }

  async function create(id: string, document: ComputeSystemDocument): Promise<WindowsComputeSystem> {
    const driver = driverFor(document, v1, v2);
    const op = 'CreateComputeSystem';
    // Else the next create of the same id would find it existing (hcs.md 8.14). One that existed before is not ours.
    const giveBack = async ({
      hresult,
      handle,
    }: Awaited<ReturnType<HcsDriver['createSystem']>>): Promise<void> => {
      if (handle === undefined) return;
      if (!sameCondition(hresult, HRESULT.systemAlreadyExists)) await driver.systemVerb('terminate', handle);
      await driver.closeSystem(handle);
    };
    const work = driver.createSystem(id, JSON.stringify(document));
    const created = await bounded(work, hcsTimeouts.call, hangs(op, id), giveBack);
    const error = failure(op, created, id);
    if (error === undefined && created.handle !== undefined)
      return new WindowsComputeSystem(driver, id, created.handle);
    await giveBack(created);
    throw error ?? new HcsError(op, HRESULT.unspecified, { systemId: id });
  }

  /** Ends the system, if there is one, and waits for its end. */
  async function end(id: string): Promise<void> {
    let system: WindowsComputeSystem;
    try {
      system = await open(id);
    } catch (error) {
      if (isNotExist(error) || isAlreadyStopped(error)) return;
      throw error;
    }
    try {
      await system.terminate().catch(ignoreEnded);
      await unlessAborted(system.waitExit(), AbortSignal.timeout(terminateMs)).catch((cause: unknown) => {
        throw new HcsError('System::Terminate', HRESULT.operationTimeout, { systemId: id, cause });
      });
    } finally {
      system.close();
    }
  }

  async function removeGuard(id: string): Promise<void> {
    if (v2 === undefined) return;
    if (guarded.has(id)) await removeCredentialGuard(v2, id);
    else await removeLeftGuard(v2, id);
    guarded.delete(id);
  }

  return {
    async create(id, document, call) {
      call?.signal?.throwIfAborted();
      if (v2 === undefined || !('Container' in document)) return create(id, document);
      const complete = await withCredentialGuard(v2, id, document);
      try {
        const system = await create(id, complete);
        if (complete !== document) {
          guarded.add(id);
          system.afterExit = () => removeGuard(id);
        }
        return system;
      } catch (error) {
        if (complete !== document) await removeCredentialGuard(v2, id).catch(() => undefined);
        throw error;
      }
    },
    open,
    async list() {
      const op = 'EnumerateComputeSystems';
      const query = JSON.stringify({ Owners: [owner] });
      const ask = (): Promise<DriverResult> =>
        bounded(drivers[0]!.enumerate(query), hcsTimeouts.call, hangs(op));
      let result = await ask();
      // Old builds refuse while a silo ends (hcs.md 8.19).
      for (let tries = 0; tries < 3 && result.hresult === HRESULT.accessDenied; tries += 1) {
        await delay(50);
        result = await ask();
      }
      const error = failure(op, result);
      if (error !== undefined) throw error;
      return answerOf<BaseProperties[]>(op, result, [])
        .filter((system) => system.Owner === owner && typeof system.Id === 'string')
        .map((system) => ({ id: system.Id!, owner, state: system.State ?? 'Unknown' }));
    },
    async host() {
      const host = await dependencies.host();
      return v2 === undefined ? { ...host, schema2: false } : host;
    },
    async credentialSpec(name) {
      return { credentialSpec: dependencies.credentialSpec(name) };
    },
    async cleanup(id) {
      await end(id);
      await removeGuard(id);
    },
  };
}

/** For `bounded`: the service does not answer. */
function hangs(op: string, systemId?: string): () => never {
  return () => {
    const about = systemId === undefined ? {} : { systemId };
    throw new HcsError(op, HRESULT.operationTimeout, { ...about, hint: serviceHangs });
  };
}

function ignoreEnded(error: unknown): void {
  if (!isAlreadyStopped(error) && !isNotExist(error)) throw error;
}

function isSame(error: HcsError | undefined, code: number): boolean {
  return error !== undefined && sameCondition(error.hresult, code);
}

function driverFor(document: ComputeSystemDocument, v1: HcsDriver, v2: HcsDriver | undefined): HcsDriver {
  return 'SystemType' in document ? v1 : (v2 ?? v1);
}

interface CreatedProcess {
  readonly handle: DriverHandle | undefined;
  readonly info: DriverProcessInfo | undefined;
}

class WindowsComputeSystem implements ComputeSystem {
  readonly id: string;
  /** What its creator gives back when it has ended. What that leaves, `cleanup` tries again. */
  afterExit: (() => Promise<void>) | undefined;
  readonly #driver: HcsDriver;
  readonly #handle: OpenHandle;
  readonly #wake = new Wake();
  #exit: Promise<SystemExit> | undefined;
  #exitType: string | undefined;
  #isTold = false;
  #asked: 'shutdown' | 'terminated' | undefined;

  constructor(driver: HcsDriver, id: string, handle: DriverHandle) {
    this.#driver = driver;
    this.id = id;
    this.#handle = new OpenHandle(handle, (each) => driver.closeSystem(each));
  }

  async start(call?: PortCall): Promise<void> {
    call?.signal?.throwIfAborted();
    try {
      await this.#verb('start', 'System::Start');
    } catch (error) {
      // A system that failed to start still exists and would hold its scratch (hcs.md 8.14); one that ran already goes on.
      if (!isInvalidState(error) && !isAlreadyStopped(error)) await this.terminate().catch(() => undefined);
      throw error;
    }
  }

  async shutdown(): Promise<void> {
    const before = this.#asked;
    this.#asked ??= 'shutdown';
    try {
      await this.#verb('shutdown', 'System::Shutdown');
    } catch (error) {
      // Its end closes the connection under a shutdown: that is the end asked for (hcs.md 8.4).
      if (isSame(error as HcsError, HRESULT.connectionClosed)) return;
      this.#asked = before;
      throw error;
    }
  }

  async terminate(): Promise<void> {
    const before = this.#asked;
    this.#asked = 'terminated';
    try {
      await this.#verb('terminate', 'System::Terminate');
    } catch (error) {
      if (isSame(error as HcsError, HRESULT.connectionClosed)) return;
      this.#asked = before;
      throw error;
    }
  }

  pause(): Promise<void> {
    return this.#verb('pause', 'System::Pause');
  }

  resume(): Promise<void> {
    return this.#verb('resume', 'System::Resume');
  }

  async statistics(): Promise<ComputeStatistics> {
    const { Statistics: statistics = {} } = await this.#running({ PropertyTypes: ['Statistics'] });
    const { Processor: processor = {}, Memory: memory = {}, Storage: storage = {} } = statistics;
    return {
      totalRuntime100ns: BigInt(processor.TotalRuntime100ns ?? 0),
      userRuntime100ns: BigInt(processor.RuntimeUser100ns ?? 0),
      kernelRuntime100ns: BigInt(processor.RuntimeKernel100ns ?? 0),
      memoryCommitBytes: memory.MemoryUsageCommitBytes ?? 0,
      memoryCommitPeakBytes: memory.MemoryUsageCommitPeakBytes ?? 0,
      memoryPrivateWorkingSetBytes: memory.MemoryUsagePrivateWorkingSetBytes ?? 0,
      readBytes: storage.ReadSizeBytes ?? 0,
      writeBytes: storage.WriteSizeBytes ?? 0,
    };
  }

  async processes(): Promise<ComputeProcessInfo[]> {
    const { ProcessList: list = [] } = await this.#running({ PropertyTypes: ['ProcessList'] });
    return list.map((process) => ({
      processId: process.ProcessId,
      imageName: process.ImageName ?? '',
      createTimestamp: process.CreateTimestamp ?? '',
      userTime100ns: BigInt(process.UserTime100ns ?? 0),
      kernelTime100ns: BigInt(process.KernelTime100ns ?? 0),
      workingSetPrivateBytes: process.MemoryWorkingSetPrivateBytes ?? 0,
    }));
  }

  async createProcess(parameters: ProcessParameters, call?: PortCall): Promise<ComputeProcess> {
    const op = 'System::CreateProcess';
    call?.signal?.throwIfAborted();
    const created = await this.#handle.use(
      op,
      this.id,
      (handle) => this.#driver.createProcess(handle, JSON.stringify(parameters)),
      { abandoned: (late) => this.#giveUp(late) },
    );
    let error = failure(op, created, this.id);
    if (error === undefined && created.handle !== undefined && created.info !== undefined) {
      try {
        return new WindowsComputeProcess(this.#driver, created.handle, created.info, this.id);
      } catch (cause) {
        error = new HcsError(op, HRESULT.invalidHandle, { systemId: this.id, cause });
      }
    }
    await this.#giveUp({ handle: created.handle, info: undefined });
    throw error ?? new HcsError(op, HRESULT.unspecified, { systemId: this.id });
  }

  /** Nobody would hear of this process: it must not go on. */
  async #giveUp({ handle, info }: CreatedProcess): Promise<void> {
    for (const pipe of [info?.stdInput, info?.stdOutput, info?.stdError])
      if (pipe !== undefined && pipe !== 0n) closeHandle(pipe);
    if (handle === undefined) return;
    await this.#driver.terminateProcess(handle);
    await this.#driver.closeProcess(handle);
  }

  waitExit(call?: PortCall): Promise<SystemExit> {
    this.#exit ??= this.#untilGone();
    return unlessAborted(this.#exit, call?.signal);
  }

  close(): void {
    void this.#handle.close();
    this.#wake.wake();
  }

  async #verb(verb: SystemVerb, op: string): Promise<void> {
    const result = await this.#handle.use(op, this.id, (handle) => this.#driver.systemVerb(verb, handle));
    const error = failure(op, result, this.id);
    if (error !== undefined) throw error;
  }

  /** Properties that only a system that runs has; every way of saying that it does not is one (hcs.md 8.16). */
  async #running(query: object): Promise<BaseProperties> {
    try {
      return await this.#properties(query);
    } catch (error) {
      const ended = isNotExist(error) || isSame(error as HcsError, HRESULT.invalidHandle);
      if (!ended) throw error;
      throw new HcsError('System::Properties', HRESULT.systemAlreadyStopped, {
        systemId: this.id,
        cause: error,
      });
    }
  }

  async #properties(query: object): Promise<BaseProperties> {
    const op = 'System::Properties';
    const result = await this.#handle.use(op, this.id, (handle) =>
      this.#driver.systemProperties(handle, JSON.stringify(query)),
    );
    const error = failure(op, result, this.id);
    if (error !== undefined) throw error;
    return answerOf<BaseProperties>(op, result, {}, this.id);
  }

  async #untilGone(): Promise<SystemExit> {
    const isWatched = await this.#handle
      .use('System::waitBackground', this.id, (handle) =>
        this.#driver.watchSystem(handle, (document) => this.#ended(document)),
      )
      .then(
        () => true,
        () => false,
      );
    let lostSince: number | undefined;
    for (let pause = 20; !this.#handle.isClosed; pause = Math.min(pause * 2, longestPauseMs)) {
      try {
        const properties = await this.#properties({});
        lostSince = undefined;
        if (properties.State === 'Stopped' || properties.Stopped === true) {
          this.#exitType ??= properties.ExitType;
          break;
        }
      } catch (error) {
        if (this.#handle.isClosed || isNotExist(error) || isAlreadyStopped(error)) break;
        // Systems do not outlive their service; one that is being restarted says so soon.
        if (!isServiceGone(error)) throw error;
        lostSince ??= performance.now();
        if (performance.now() - lostSince > serviceGoneMs) return { kind: 'unexpected' };
      }
      await this.#wake.pause(pause);
    }
    if (isWatched) await this.#hearHow();
    if (!this.#handle.isClosed) await this.afterExit?.().catch(() => undefined);
    return this.#exitKind();
  }

  /** Somebody else ended it: only the event knows how, and it may come after the state has changed. */
  async #hearHow(): Promise<void> {
    const end = performance.now() + lateEventMs;
    while (this.#exitType === undefined && this.#asked === undefined && !this.#isTold) {
      const left = end - performance.now();
      if (left <= 0 || this.#handle.isClosed) return;
      await this.#wake.pause(left);
    }
  }

  #ended(document: string | undefined): void {
    const result = { hresult: 0, document };
    this.#isTold = true;
    try {
      this.#exitType ??= answerOf<{ ExitType?: string }>('System::waitBackground', result, {}).ExitType;
    } catch {
      // Then the kind of end is told by what was asked for.
    }
    this.#wake.wake();
  }

  #exitKind(): SystemExit {
    if (this.#exitType === 'UnexpectedExit') return { kind: 'unexpected' };
    if (this.#exitType === 'ForcedExit') return { kind: 'terminated' };
    if (this.#exitType === 'GracefulExit') return { kind: 'shutdown' };
    return { kind: this.#asked ?? 'unexpected' };
  }
}
