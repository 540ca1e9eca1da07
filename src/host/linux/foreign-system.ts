/**
 * A system that another process holds, or held until it died. It can be looked at and ended; its streams and its control
 * channel belong to its owner (hcs.md 4.6), so starting processes in it goes through that owner.
 */
import { kill } from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import type { ProcessParameters } from '../../hcs/documents.ts';
import { HcsError } from '../../hcs/hcs-error.ts';
import { HRESULT } from '../../hcs/hresult.ts';
import { isAlive, type ProcessIdentity } from '../../state/process-identity.ts';
import type {
  ComputeProcess,
  ComputeProcessInfo,
  ComputeStatistics,
  ComputeSystem,
  PortCall,
  SystemExit,
} from '../ports/compute.ts';
import { leftoverCgroups } from './cgroups.ts';
import type { ComputeContext } from './compute-context.ts';
import { isSystemAlive, readRecord, runFolder, type SystemRecord } from './run-folder.ts';
import { unixProcesses } from './unix-processes.ts';
import { statisticsOf } from './system-statistics.ts';

const pollMs = 20;

export class ForeignSystem implements ComputeSystem {
  readonly id: string;
  readonly #context: ComputeContext;
  readonly #record: SystemRecord;
  #terminated = false;

  constructor(context: ComputeContext, record: SystemRecord) {
    this.id = record.id;
    this.#context = context;
    this.#record = record;
  }

  async start(): Promise<void> {
    throw this.#fail('Start', HRESULT.invalidState);
  }

  async shutdown(): Promise<void> {
    this.#expectAlive('Shutdown');
    throw this.#notOwner('Shutdown');
  }

  async terminate(): Promise<void> {
    this.#expectAlive('Terminate');
    this.#terminated = true;
    endSandbox(this.#record);
  }

  async pause(): Promise<void> {
    throw this.#notOwner('Pause');
  }

  async resume(): Promise<void> {
    throw this.#notOwner('Resume');
  }

  async statistics(): Promise<ComputeStatistics> {
    this.#expectAlive('Properties');
    return statisticsOf(leftoverCgroups(this.#context.cgroups(), this.id), this.#record.sandbox?.pid ?? 0);
  }

  async processes(): Promise<ComputeProcessInfo[]> {
    this.#expectAlive('Properties');
    return unixProcesses(this.#record.sandbox?.pid ?? 0, this.#context.environment.now());
  }

  async createProcess(_parameters: ProcessParameters): Promise<ComputeProcess> {
    this.#expectAlive('CreateProcess');
    throw this.#notOwner('CreateProcess');
  }

  async waitExit(call?: PortCall): Promise<SystemExit> {
    while (this.#alive())
      await delay(pollMs, undefined, call?.signal === undefined ? {} : { signal: call.signal });
    return { kind: this.#terminated ? 'terminated' : 'unexpected' };
  }

  close(): void {
    // Nothing is held.
  }

  #alive(): boolean {
    const now = readRecord(runFolder(this.#context.paths.run, this.id));
    return now !== undefined && now.monitor.pid === this.#record.monitor.pid && isSystemAlive(now);
  }

  #expectAlive(op: string): void {
    if (!this.#alive()) throw this.#fail(op, HRESULT.systemAlreadyStopped);
  }

  #notOwner(op: string): HcsError {
    return new HcsError(`System::${op}`, HRESULT.notSupported, {
      systemId: this.id,
      events: [`process ${this.#record.monitor.pid} holds the system`],
    });
  }

  #fail(op: string, hresult: number): HcsError {
    return new HcsError(`System::${op}`, hresult, { systemId: this.id });
  }
}

/** The helper's death is its first process's death, and with it everybody's in the PID namespace. */
export function endSandbox(record: SystemRecord): void {
  for (const identity of [record.helper, record.sandbox]) if (identity !== undefined) killIfSame(identity);
}

function killIfSame(identity: ProcessIdentity): void {
  if (!isAlive(identity)) return;
  try {
    kill(identity.pid, 'SIGKILL');
  } catch {
    // It went by itself.
  }
}
