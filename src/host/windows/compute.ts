/**
 * The compute port on HCS (hcs.md 4). v2 documents go to computecore, v1 documents (Hyper-V isolation, older builds) to
 * vmcompute. Systems never end with their last handle (design.md 6), so another process can open and clean them up.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { ComputeSystemDocument, ProcessParameters } from '../../hcs/documents.ts';
import { HcsError, isAlreadyStopped, isInvalidState, isNotExist } from '../../hcs/hcs-error.ts';
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
  SystemExit,
} from '../ports/compute.ts';
import { WindowsComputeProcess } from './compute-process.ts';
import { failure } from './hcs-failure.ts';
import type { DriverHandle, DriverResult, HcsDriver, SystemVerb } from './hcs-driver.ts';

/** The Owner of every document of ours: what `list` and reconciling go by. */
export const owner = 'porthole';

export interface WindowsComputeDependencies {
  /** computecore; undefined below Windows build 17763. */
  readonly v2: HcsDriver | undefined;
  readonly v1: HcsDriver;
  readonly host: () => Promise<ComputeHost>;
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

export function createWindowsCompute(dependencies: WindowsComputeDependencies): ComputePort {
  const { v1, v2 } = dependencies;
  const drivers = v2 === undefined ? [v1] : [v2, v1];

  async function open(id: string): Promise<ComputeSystem> {
    let result: (DriverResult & { handle: DriverHandle | undefined }) | undefined;
    for (const driver of drivers) {
      result = await driver.openSystem(id);
      if (result.hresult < 0x80000000 && result.handle !== undefined) {
        return new WindowsComputeSystem(driver, id, result.handle);
      }
    }
    throw failure(
      'OpenComputeSystem',
      result ?? { hresult: HRESULT.systemNotFound, document: undefined },
      id,
    )!;
  }

  return {
    async create(id, document) {
      const driver = driverFor(document, v1, v2);
      const created = await driver.createSystem(id, JSON.stringify(document));
      const error = failure('CreateComputeSystem', created, id);
      if (error === undefined && created.handle !== undefined) {
        return new WindowsComputeSystem(driver, id, created.handle);
      }
      // Else the next create of the same id would find it existing (hcs.md 8.14).
      if (created.handle !== undefined) {
        await driver.systemVerb('terminate', created.handle);
        await driver.closeSystem(created.handle);
      }
      throw error ?? new HcsError('CreateComputeSystem', HRESULT.unspecified, { systemId: id });
    },
    open,
    async list() {
      const result = await drivers[0]!.enumerate(JSON.stringify({ Owners: [owner] }));
      const error = failure('EnumerateComputeSystems', result);
      if (error !== undefined) throw error;
      return (JSON.parse(result.document ?? '[]') as BaseProperties[])
        .filter((system) => system.Owner === owner)
        .map((system) => ({ id: system.Id ?? '', owner, state: system.State ?? 'Unknown' }));
    },
    host: dependencies.host,
    async cleanup(id) {
      let system: ComputeSystem;
      try {
        system = await open(id);
      } catch (error) {
        if (isNotExist(error)) return;
        throw error;
      }
      try {
        await system.terminate();
        await Promise.race([system.waitExit(), delay(30_000)]);
      } finally {
        system.close();
      }
    },
  };
}

function driverFor(document: ComputeSystemDocument, v1: HcsDriver, v2: HcsDriver | undefined): HcsDriver {
  return 'SystemType' in document ? v1 : (v2 ?? v1);
}

class WindowsComputeSystem implements ComputeSystem {
  readonly id: string;
  readonly #driver: HcsDriver;
  readonly #handle: DriverHandle;
  #exit: Promise<SystemExit> | undefined;
  #closed = false;
  #asked: 'shutdown' | 'terminated' | undefined;

  constructor(driver: HcsDriver, id: string, handle: DriverHandle) {
    this.#driver = driver;
    this.id = id;
    this.#handle = handle;
  }

  async start(): Promise<void> {
    try {
      await this.#verb('start', 'System::Start');
    } catch (error) {
      // A system that failed to start still exists and would hold its scratch (hcs.md 8.14).
      await this.#driver.systemVerb('terminate', this.#handle);
      throw error;
    }
  }

  async shutdown(): Promise<void> {
    this.#asked ??= 'shutdown';
    await this.#ending('shutdown', 'System::Shutdown');
  }

  async terminate(): Promise<void> {
    this.#asked = 'terminated';
    await this.#ending('terminate', 'System::Terminate');
  }

  pause(): Promise<void> {
    return this.#verb('pause', 'System::Pause');
  }

  resume(): Promise<void> {
    return this.#verb('resume', 'System::Resume');
  }

  async statistics(): Promise<ComputeStatistics> {
    const { Statistics: statistics = {} } = await this.#properties({ PropertyTypes: ['Statistics'] });
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
    const { ProcessList: list = [] } = await this.#properties({ PropertyTypes: ['ProcessList'] });
    return list.map((process) => ({
      processId: process.ProcessId,
      imageName: process.ImageName ?? '',
      createTimestamp: process.CreateTimestamp ?? '',
      userTime100ns: BigInt(process.UserTime100ns ?? 0),
      kernelTime100ns: BigInt(process.KernelTime100ns ?? 0),
      workingSetPrivateBytes: process.MemoryWorkingSetPrivateBytes ?? 0,
    }));
  }

  async createProcess(parameters: ProcessParameters): Promise<ComputeProcess> {
    const created = await this.#driver.createProcess(this.#handle, JSON.stringify(parameters));
    const error = failure('System::CreateProcess', created, this.id);
    if (error === undefined && created.handle !== undefined && created.info !== undefined) {
      return new WindowsComputeProcess(this.#driver, created.handle, created.info, this.id);
    }
    if (created.handle !== undefined) {
      await this.#driver.terminateProcess(created.handle);
      await this.#driver.closeProcess(created.handle);
    }
    throw error ?? new HcsError('System::CreateProcess', HRESULT.unspecified, { systemId: this.id });
  }

  waitExit(call?: PortCall): Promise<SystemExit> {
    this.#exit ??= this.#untilGone();
    const { signal } = call ?? {};
    if (signal === undefined) return this.#exit;
    const abort = new Promise<never>((_, reject) => {
      const stop = (): void => reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
      if (signal.aborted) stop();
      else signal.addEventListener('abort', stop, { once: true });
    });
    return Promise.race([this.#exit, abort]);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    void this.#driver.closeSystem(this.#handle);
  }

  async #verb(verb: SystemVerb, op: string): Promise<void> {
    const error = failure(op, await this.#driver.systemVerb(verb, this.#handle), this.id);
    if (error !== undefined) throw error;
  }

  /** Already stopped, or stopping by itself, is success (hcs.md 8.3, 8.4). */
  async #ending(verb: 'shutdown' | 'terminate', op: string): Promise<void> {
    const error = failure(op, await this.#driver.systemVerb(verb, this.#handle), this.id);
    const ended = [isAlreadyStopped, isNotExist].some((is) => is(error));
    const endingByItself = verb === 'terminate' && isInvalidState(error);
    if (error !== undefined && !ended && !endingByItself) throw error;
  }

  async #properties(query: object): Promise<BaseProperties> {
    const result = await this.#driver.systemProperties(this.#handle, JSON.stringify(query));
    const error = failure('System::Properties', result, this.id);
    if (error !== undefined) throw error;
    return JSON.parse(result.document ?? '{}') as BaseProperties;
  }

  async #untilGone(): Promise<SystemExit> {
    for (let pause = 20; !this.#closed; pause = Math.min(pause * 1.5, 500)) {
      try {
        const properties = await this.#properties({});
        if (properties.State === 'Stopped' || properties.Stopped === true)
          return this.#exitKind(properties.ExitType);
      } catch (error) {
        if (isNotExist(error) || isAlreadyStopped(error)) return this.#exitKind(undefined);
        throw error;
      }
      await delay(pause);
    }
    return this.#exitKind(undefined);
  }

  #exitKind(exitType: string | undefined): SystemExit {
    if (exitType === 'UnexpectedExit') return { kind: 'unexpected' };
    return { kind: this.#asked ?? (exitType === 'GracefulExit' ? 'shutdown' : 'unexpected') };
  }
}
