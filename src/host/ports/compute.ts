/**
 * The compute port: HCS's verbs, taken as they are (hcs.md 4, 9; codebases.md 5.5).
 *
 * Life cycle of a system: `create` (state Created) -> `start` (Running) -> `shutdown`, then `terminate` -> Stopped.
 * The init process is created with `createProcess` after `start`; **its exit does not stop the system**: the owner shuts
 * it down. Only the monitor creates and starts systems; services `list` and `open` for reconciling and forced removal.
 *
 * Every failure is an `HcsError` with the HRESULT that Windows would give: 0x8037010E unknown id, 010F duplicate, 0105
 * wrong state, 0110 already stopped, 010D bad document; Win32 codes fold to 0x8007xxxx (0x80070002 program not found,
 * 0x8007010B bad working directory, 0x800700C1 not an executable).
 *
 * Example: `const system = await compute.create(id, document); await system.start(); const init = await
 * system.createProcess(parameters); const { exitCode } = await init.waitExit(); await system.shutdown(); await
 * system.waitExit(); system.close();`
 */
import type { Readable, Writable } from 'node:stream';
import type { ComputeSystemDocument, ProcessParameters } from '../../hcs/documents.ts';

export interface PortCall {
  readonly signal?: AbortSignal;
}

export interface ComputeSystemSummary {
  readonly id: string;
  readonly owner: string;
  readonly state: 'Created' | 'Running' | 'Paused' | 'Stopped' | 'Unknown';
}

export interface ComputeStatistics {
  /** 100 ns units, as HCS reports. */
  readonly totalRuntime100ns: bigint;
  readonly userRuntime100ns: bigint;
  readonly kernelRuntime100ns: bigint;
  readonly memoryCommitBytes: number;
  readonly memoryCommitPeakBytes: number;
  readonly memoryPrivateWorkingSetBytes: number;
  readonly readBytes: number;
  readonly writeBytes: number;
}

export interface ComputeProcessInfo {
  readonly processId: number;
  readonly imageName: string;
  readonly createTimestamp: string;
  readonly userTime100ns: bigint;
  readonly kernelTime100ns: bigint;
  readonly workingSetPrivateBytes: number;
}

export interface ProcessExit {
  /** Unsigned 32-bit. 0xFFFFFFFF when the code could not be had. */
  readonly exitCode: number;
}

export interface SystemExit {
  readonly kind: 'shutdown' | 'terminated' | 'unexpected';
  readonly oomKilled?: boolean;
}

/** One process of a compute system. Streams exist as asked for by the Create*Pipe fields; with EmulateConsole no stderr. */
export interface ComputeProcess {
  readonly pid: number;
  readonly stdin?: Writable;
  readonly stdout?: Readable;
  readonly stderr?: Readable;
  resize(height: number, width: number): Promise<void>;
  /** `CtrlC | CtrlBreak | CtrlClose | CtrlLogOff | CtrlShutdown`. False when the process is already gone. */
  signal(name: string): Promise<boolean>;
  /** Ends the process at once (TerminateProcess). False when already gone. */
  kill(): Promise<boolean>;
  /** May be called many times; resolves after stdio reached its end or a second after the process did. */
  waitExit(call?: PortCall): Promise<ProcessExit>;
  close(): void;
}

export interface ComputeSystem {
  readonly id: string;
  start(call?: PortCall): Promise<void>;
  /** Asks for an orderly end; resolves when asked, not when ended. */
  shutdown(call?: PortCall): Promise<void>;
  terminate(call?: PortCall): Promise<void>;
  pause(call?: PortCall): Promise<void>;
  resume(call?: PortCall): Promise<void>;
  statistics(call?: PortCall): Promise<ComputeStatistics>;
  processes(call?: PortCall): Promise<ComputeProcessInfo[]>;
  createProcess(parameters: ProcessParameters, call?: PortCall): Promise<ComputeProcess>;
  waitExit(call?: PortCall): Promise<SystemExit>;
  /** Gives the handle back; never ends the system. */
  close(): void;
}

/** An object, so that recordings know the spec by its member's name and leave it out. */
export interface NamedCredentialSpec {
  /** Its JSON; undefined when there is none of that name. */
  readonly credentialSpec: string | undefined;
}

export interface ComputePort {
  create(id: string, document: ComputeSystemDocument, call?: PortCall): Promise<ComputeSystem>;
  open(id: string, call?: PortCall): Promise<ComputeSystem>;
  /** Systems whose Owner is ours. */
  list(call?: PortCall): Promise<ComputeSystemSummary[]>;
  /** A credential spec that the host keeps by name (Windows' registry). Absent where there are none. */
  credentialSpec?(name: string): Promise<NamedCredentialSpec>;
  /** Facts that decide isolation and version checks. */
  host(): Promise<ComputeHost>;
  /** Removes everything that a crashed owner left for `id` (processes, mounts, run folder). Idempotent. */
  cleanup(id: string, call?: PortCall): Promise<void>;
}

export interface ComputeHost {
  /** `10.0.20348.2227`; on the embedded backend the version that its containers report. */
  readonly osVersion: string;
  readonly sku: 'server' | 'client';
  readonly hypervAvailable: boolean;
  readonly processIsolationAvailable: boolean;
  readonly backend: 'hcs' | 'wine' | 'memory';
  /** False where only schema 1 is understood: Windows builds without computecore.dll. Absent = schema 2 is too. */
  readonly schema2?: boolean;
  /** Human description, for `info` (`Windows Server 2022 …`, `Wine 8.0 on Debian …`). */
  readonly description: string;
  readonly limits: { readonly memory: boolean; readonly cpu: boolean; readonly why?: string };
}
