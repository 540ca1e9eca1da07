/**
 * What the compute adapter needs of HCS, whichever DLL serves it: computecore (v2 documents) or vmcompute (v1). Handles of
 * one DLL are never given to the other (hcs.md 0.1), so a system keeps the driver that made it.
 */

/** HRESULT as unsigned 32 bits, with the answer or ResultError document that came with it. */
export interface DriverResult {
  readonly hresult: number;
  readonly document: string | undefined;
}

/** Stdio handles, owned by the caller; 0n = that pipe was not asked for. */
export interface DriverProcessInfo {
  readonly processId: number;
  readonly stdInput: bigint;
  readonly stdOutput: bigint;
  readonly stdError: bigint;
}

export type DriverHandle = bigint;

export type SystemVerb = 'start' | 'shutdown' | 'terminate' | 'pause' | 'resume';

export interface HcsDriver {
  readonly name: 'computecore' | 'vmcompute';
  enumerate(query: string): Promise<DriverResult>;
  /** A handle may come back with a failure: terminate and close it. */
  createSystem(id: string, document: string): Promise<DriverResult & { handle: DriverHandle | undefined }>;
  openSystem(id: string): Promise<DriverResult & { handle: DriverHandle | undefined }>;
  closeSystem(handle: DriverHandle): Promise<void>;
  /** Resolves when the operation completed; shutdown and terminate when they were accepted. */
  systemVerb(verb: SystemVerb, handle: DriverHandle): Promise<DriverResult>;
  systemProperties(handle: DriverHandle, query: string): Promise<DriverResult>;
  createProcess(
    system: DriverHandle,
    parameters: string,
  ): Promise<DriverResult & { handle: DriverHandle | undefined; info: DriverProcessInfo | undefined }>;
  openProcess(
    system: DriverHandle,
    pid: number,
  ): Promise<DriverResult & { handle: DriverHandle | undefined }>;
  closeProcess(handle: DriverHandle): Promise<void>;
  terminateProcess(handle: DriverHandle): Promise<DriverResult>;
  signalProcess(handle: DriverHandle, options: string): Promise<DriverResult>;
  modifyProcess(handle: DriverHandle, settings: string): Promise<DriverResult>;
  processProperties(handle: DriverHandle): Promise<DriverResult>;
  /**
   * Calls the listener once, when the system or process has ended, for as long as the handle is open; with SystemExitStatus
   * where the DLL tells it. Once a handle. It may be lost (hcs.md 8.6): nobody relies on it alone.
   */
  watchSystem(handle: DriverHandle, listener: (document: string | undefined) => void): Promise<void>;
  watchProcess(handle: DriverHandle, listener: () => void): Promise<void>;
}

/** Settings of the service itself, which only computecore's driver has to offer. */
export interface HcsServiceDriver {
  serviceProperties(query: string): Promise<DriverResult>;
  modifyService(settings: string): Promise<DriverResult>;
}

/** Bounds of hcs.md 4.3, milliseconds. */
export const hcsTimeouts = {
  operation: 240_000,
  /** Any call, whatever it waits for by itself: past it the service hangs. */
  call: 270_000,
  query: 30_000,
  /** A signal's answer may come only when its target has ended. */
  signal: 2_000,
} as const;
