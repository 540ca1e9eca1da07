import type { HealthConfig, HealthLog } from '../api/types/index.ts';
import { asError } from '../errors/porthole-error.ts';
import type { ProcessParameters } from '../hcs/documents.ts';
import type { ComputeProcess, ComputeSystem } from '../host/ports/compute.ts';
import { rfc3339 } from '../state/timestamp.ts';
import { withDeadline } from './deadline.ts';

const nanosecondsPerMillisecond = 1e6;
const longestOutput = 4096;
const keptResults = 5;

export interface HealthSettings {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly startPeriodMs: number;
  readonly startIntervalMs: number;
  readonly retries: number;
}

export interface HealthStatus {
  readonly status: 'starting' | 'healthy' | 'unhealthy';
  readonly failingStreak: number;
  readonly log: readonly HealthLog[];
}

/** Docker's defaults: every 30 s, 30 s each, 3 failures, no start period, every 5 s within one. */
export function healthSettings(config: HealthConfig): HealthSettings {
  const ms = (nanoseconds: number | undefined, fallback: number): number =>
    nanoseconds === undefined || nanoseconds === 0 ? fallback : nanoseconds / nanosecondsPerMillisecond;
  return {
    intervalMs: ms(config.Interval, 30_000),
    timeoutMs: ms(config.Timeout, 30_000),
    startPeriodMs: ms(config.StartPeriod, 0),
    startIntervalMs: ms(config.StartInterval, 5_000),
    retries: config.Retries === undefined || config.Retries === 0 ? 3 : config.Retries,
  };
}

/** One result more (moby `handleProbeResult`): failures within the start period do not count. Pure. */
export function nextHealth(
  current: HealthStatus,
  result: HealthLog,
  settings: HealthSettings,
  inStartPeriod: boolean,
): HealthStatus {
  const log = [...current.log, result].slice(-keptResults);
  if (result.ExitCode === 0) return { status: 'healthy', failingStreak: 0, log };
  const forgiven = inStartPeriod && current.status === 'starting';
  const failingStreak = current.failingStreak + (forgiven ? 0 : 1);
  return { status: failingStreak >= settings.retries ? 'unhealthy' : current.status, failingStreak, log };
}

/** Milliseconds until the next probe. */
export function nextProbeIn(
  status: HealthStatus['status'],
  settings: HealthSettings,
  inStartPeriod: boolean,
): number {
  return inStartPeriod && status === 'starting' ? settings.startIntervalMs : settings.intervalMs;
}

export interface HealthcheckDeps {
  readonly system: ComputeSystem;
  readonly parameters: ProcessParameters;
  readonly settings: HealthSettings;
  readonly now: () => number;
  readonly onResult: (health: HealthStatus, changed: boolean) => void;
}

/** Probes until stopped. Without a health check nobody makes one of these, so an idle monitor never wakes up. */
export class Healthcheck {
  readonly #deps: HealthcheckDeps;
  readonly #startedAt: number;
  #health: HealthStatus = { status: 'starting', failingStreak: 0, log: [] };
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(deps: HealthcheckDeps) {
    this.#deps = deps;
    this.#startedAt = deps.now();
    this.#schedule();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #inStartPeriod(): boolean {
    return this.#deps.now() - this.#startedAt < this.#deps.settings.startPeriodMs;
  }

  #schedule(): void {
    const wait = nextProbeIn(this.#health.status, this.#deps.settings, this.#inStartPeriod());
    this.#timer = setTimeout(() => void this.#probe(), wait);
  }

  async #probe(): Promise<void> {
    const began = this.#deps.now();
    const { exitCode, output } = await runProbe(this.#deps);
    if (this.#stopped) return;
    const result: HealthLog = {
      Start: rfc3339(began),
      End: rfc3339(this.#deps.now()),
      ExitCode: exitCode,
      Output: output,
    };
    const before = this.#health.status;
    this.#health = nextHealth(this.#health, result, this.#deps.settings, this.#inStartPeriod());
    this.#deps.onResult(this.#health, this.#health.status !== before);
    this.#schedule();
  }
}

async function runProbe(deps: HealthcheckDeps): Promise<{ exitCode: number; output: string }> {
  let process: ComputeProcess;
  try {
    process = await deps.system.createProcess(deps.parameters);
  } catch (error) {
    return { exitCode: -1, output: asError(error).message };
  }
  process.stdin?.on('error', () => undefined).end();
  const chunks: Buffer[] = [];
  let size = 0;
  const collect = (chunk: Buffer): void => {
    if (size < longestOutput) chunks.push(chunk);
    size += chunk.length;
  };
  process.stdout?.on('data', collect);
  process.stderr?.on('data', collect);
  const seconds = deps.settings.timeoutMs / 1000;
  try {
    const exit = await withDeadline(process.waitExit(), deps.settings.timeoutMs, () => undefined);
    if (exit === undefined) {
      await process.kill();
      return { exitCode: -1, output: `Health check exceeded timeout (${seconds}s)` };
    }
    const output = Buffer.concat(chunks);
    const text = output.subarray(0, longestOutput).toString();
    return { exitCode: exit.exitCode, output: output.length > longestOutput ? `${text}...` : text };
  } catch (error) {
    return { exitCode: -1, output: asError(error).message };
  } finally {
    process.close();
  }
}
