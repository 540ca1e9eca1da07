import { setTimeout as delay } from 'node:timers/promises';
import { PortholeError, asError, isKind } from '../errors/porthole-error.ts';
import type { ContainerStatus } from '../api/types/index.ts';
import { healthcheckCommandLine, processParameters } from '../hcs/process.ts';
import { parseSignal, windowsSignal } from '../hcs/signals.ts';
import {
  readConfigRecord,
  readStateRecord,
  writeExitRecord,
  writeHealthRecord,
  writeStateRecord,
} from '../state/container-files.ts';
import type { ContainerConfigRecord, ContainerStateRecord, Phase } from '../state/container-record.ts';
import { noSuchContainer } from '../state/container-list.ts';
import { ownIdentity } from '../state/process-identity.ts';
import { rfc3339 } from '../state/timestamp.ts';
import { containerEvent } from './container-event.ts';
import { openContainerLog } from './container-log.ts';
import { withDeadline } from './deadline.ts';
import type { MonitorDeps, RunAllocation } from './deps.ts';
import { ExecTable } from './exec-table.ts';
import { Healthcheck, healthSettings } from './healthcheck.ts';
import { monitorLeaving } from './protocol.ts';
import { removeContainer } from './removal.ts';
import { repairContainer } from './repair.ts';
import { decideRestart, firstBackoff } from './restart-policy.ts';
import type { RestartBackoff } from './restart-policy.ts';
import { startRun } from './run.ts';
import type { Run } from './run.ts';
import { startFailureCode } from './start-failure.ts';
import { StdioHub } from './stdio-hub.ts';
import { Waiters } from './waiters.ts';

/** Seconds between a stop request and the forced end when nothing else is said. */
const defaultStopTimeout = 10;
/** Output after which a monitor counts as busy. */
const busyBytes = 1 << 20;
/** hcs.md 4.3: how long moby waits for the exit after a kill. */
const killPatienceMs = 75_000;

/**
 * One container's life: starts, ends, restarts, records. The caller holds the container's monitor lock for as long as this
 * exists and is the only writer of its state. Order at an end: exit record, then ports closed, then waiters answered, then
 * everything else given back, then the final state; a kill in between loses nothing that a waiter was told.
 */
export class Supervisor<A extends RunAllocation = RunAllocation> {
  readonly id: string;
  readonly #deps: MonitorDeps<A>;
  readonly #waiters = new Waiters();
  #config: ContainerConfigRecord;
  #record: ContainerStateRecord;
  #hub: StdioHub;
  #flushLog: () => void = () => undefined;
  #closeLog: () => void = () => undefined;
  #logSize: () => number | undefined = () => undefined;
  #run: Run | undefined;
  #execs: ExecTable;
  #health: Healthcheck | undefined;
  #backoff: RestartBackoff = firstBackoff;
  #restartTimer: NodeJS.Timeout | undefined;
  #starting: Promise<void> | undefined;
  #ending: Promise<void> | undefined;
  #startedAtMs = 0;
  #written = 0;
  #busy = false;
  #gone = false;
  /** Called whenever the supervisor may have nothing left to do. */
  onIdle: () => void = () => undefined;

  private constructor(
    deps: MonitorDeps<A>,
    id: string,
    config: ContainerConfigRecord,
    record: ContainerStateRecord,
  ) {
    this.#deps = deps;
    this.id = id;
    this.#config = config;
    this.#record = record;
    this.#hub = this.#newHub();
    this.#execs = this.#newExecs();
  }

  /** Repairs what a killed predecessor left, then takes over. Gone: `No such container`. */
  static async take<A extends RunAllocation>(deps: MonitorDeps<A>, id: string): Promise<Supervisor<A>> {
    await repairContainer(deps, id);
    const record = readStateRecord(deps.paths, id);
    if (record === undefined) throw noSuchContainer(id);
    return new Supervisor(deps, id, readConfigRecord(deps.paths, id), record);
  }

  /** Nothing runs, starts, ends or waits for a restart: the monitor may go when nobody is connected. */
  get idle(): boolean {
    return (
      this.#run === undefined &&
      this.#starting === undefined &&
      this.#ending === undefined &&
      this.#restartTimer === undefined
    );
  }

  get config(): ContainerConfigRecord {
    return this.#config;
  }

  get hub(): StdioHub {
    return this.#hub;
  }

  /** Bytes in the log file right now; undefined while nothing runs. */
  get logSize(): number | undefined {
    return this.#logSize();
  }

  get execs(): ExecTable {
    return this.#execs;
  }

  get status(): ContainerStatus {
    const { phase } = this.#record;
    return phase === 'starting' ? 'created' : phase;
  }

  /** The live system, or Docker's `container … is not running`. */
  running(): Run {
    if (this.#run === undefined || this.#ending !== undefined) throw this.notRunning();
    return this.#run;
  }

  notRunning(): PortholeError {
    return new PortholeError('conflict', 'CONTAINER_NOT_RUNNING', `container ${this.id} is not running`);
  }

  emit(action: string, attributes: Readonly<Record<string, string>> = {}): void {
    this.#deps.emit(containerEvent(action, this.id, this.#record.card, attributes));
  }

  async start(): Promise<void> {
    if (this.#gone) throw leaving();
    if (this.#starting !== undefined) return this.#starting;
    if (this.#ending !== undefined) await this.#ending;
    if (this.#gone) throw leaving();
    if (this.#record.phase === 'dead') {
      throw new PortholeError(
        'conflict',
        'CONTAINER_DEAD',
        'container is marked for removal and cannot be started',
      );
    }
    if (this.#run !== undefined) {
      throw new PortholeError('notModified', 'CONTAINER_RUNNING', `container ${this.id} is already running`);
    }
    this.#cancelRestart();
    this.#backoff = firstBackoff;
    this.#record = this.#write({ restartCount: 0, stoppedByUser: false });
    return this.#launch();
  }

  /** `next-exit`, `not-running` or `removed`; `not-running` of a container that does not run is answered at once. */
  wait(condition: 'not-running' | 'next-exit' | 'removed'): ReturnType<Waiters['add']> {
    const waiter = this.#waiters.add(condition);
    if (condition === 'not-running' && this.idle) {
      this.#waiters.settle(['not-running'], { exitCode: this.#record.exitCode });
    }
    return waiter;
  }

  /**
   * Asks for an orderly end and forces it after `timeout` seconds (-1: never). Resolves when the run is over and everything
   * is given back.
   */
  async stop(options: { signal?: string; timeout?: number }): Promise<void> {
    this.#stopByUser();
    if (this.#starting !== undefined) await this.#starting.catch(() => undefined);
    const run = this.#run;
    if (run !== undefined && this.#ending === undefined) {
      const timeout = options.timeout ?? this.#config.config.StopTimeout ?? defaultStopTimeout;
      const over = this.#whenOver();
      await this.#signal(run, options.signal ?? this.#config.config.StopSignal ?? 'TERM').catch(
        () => undefined,
      );
      const patience = timeout < 0 ? undefined : timeout * 1000;
      const ended = patience === undefined ? await over : await withDeadline(over, patience, () => false);
      if (!ended) await this.#terminate(run);
    }
    await this.#ending;
    this.emit('stop');
  }

  async kill(signalName: string): Promise<void> {
    const signal = parseSignal(signalName);
    if (signal === undefined) {
      throw new PortholeError('invalid', 'SIGNAL_INVALID', `invalid signal: ${signalName}`);
    }
    const run = this.running();
    this.emit('kill', { signal: String(signal.number) });
    if (signal.name === 'KILL') {
      this.#stopByUser();
      await this.#terminate(run);
      await this.#ending;
    } else await this.#signal(run, signal.name);
  }

  rename(name: string): void {
    this.#record = this.#write({ card: { ...this.#record.card, name } });
  }

  #newExecs(): ExecTable {
    return new ExecTable(this.id, this.#deps.now, (execIds) => {
      this.#record = this.#write({ execIds });
    });
  }

  #newHub(): StdioHub {
    return new StdioHub((stream, chunk) => {
      this.#log(stream, chunk);
      this.#written += chunk.length;
      if (this.#written < busyBytes || this.#busy) return;
      this.#busy = true;
      this.#deps.onBusy?.();
    });
  }

  #log: (stream: 'stdout' | 'stderr', chunk: Buffer) => void = () => undefined;

  async #launch(): Promise<void> {
    this.#starting = this.#doLaunch().finally(() => {
      this.#starting = undefined;
      this.onIdle();
    });
    return this.#starting;
  }

  async #doLaunch(): Promise<void> {
    const before = this.#record;
    const run = before.run + 1;
    this.#record = this.#write({ phase: 'starting', owner: ownIdentity(), run, error: '', oomKilled: false });
    this.#execs = this.#newExecs();
    let started: Run;
    try {
      const log = openContainerLog(this.#deps.paths, this.#config, this.#deps.now);
      this.#log = (stream, chunk) => log.write(stream, chunk);
      this.#flushLog = () => log.flush();
      this.#closeLog = () => log.close();
      this.#logSize = () => log.size();
      started = await startRun(this.#deps, this.#config);
    } catch (error) {
      await this.#startFailed(before, error);
      throw error;
    }
    this.#run = started;
    this.#startedAtMs = this.#deps.now();
    const stdioEnded = new Promise<void>((resolve) => this.#hub.connect(started.init, resolve));
    if (!this.#config.config.OpenStdin && !this.#config.config.Tty) this.#hub.closeInput();
    this.#record = this.#write({
      phase: 'running',
      pid: started.init.pid,
      startedAt: rfc3339(this.#startedAtMs),
      bound: started.bound,
      exitCode: 0,
    });
    this.emit('start');
    this.#deps.onSettled?.();
    this.#startHealthcheck(started);
    void started.waitExit().then(
      ({ exitCode }) => this.#ended(started, exitCode, stdioEnded),
      (error: unknown) => this.#ended(started, 0xffffffff, stdioEnded, asError(error).message),
    );
  }

  async #startFailed(before: ContainerStateRecord, error: unknown): Promise<void> {
    this.#closeLogNow();
    this.#hub.end();
    this.#hub = this.#newHub();
    const exitCode = startFailureCode(error);
    const message = asError(error).message;
    const phase: Phase = before.phase === 'created' ? 'created' : 'exited';
    this.#record = this.#settled({ phase, exitCode, error: message, pid: 0 });
    // Who waits for the next exit waits on: nothing ran. They learn when the monitor leaves.
    this.#waiters.settle(['not-running'], { exitCode });
    if (this.#record.card.autoRemove) await this.#remove(exitCode);
  }

  /** A run's end. Never rejects: whatever fails is recorded. */
  #ended(run: Run, exitCode: number, stdioEnded: Promise<void>, error = ''): void {
    this.#ending = this.#finish(run, exitCode, stdioEnded, error)
      .catch((failure: unknown) => {
        this.#record = { ...this.#record, phase: 'dead', error: asError(failure).message };
        this.#waiters.settleAll({ exitCode, error: asError(failure).message });
      })
      .finally(() => {
        this.#ending = undefined;
        this.onIdle();
      });
  }

  async #finish(run: Run, exitCode: number, stdioEnded: Promise<void>, error: string): Promise<void> {
    this.#health?.stop();
    this.#health = undefined;
    // `waitExit` has waited for the streams already; this only lets what is buffered here arrive.
    await withDeadline(stdioEnded, 1000, () => undefined);
    this.#flushLog();
    const finishedAtMs = this.#deps.now();
    const finishedAt = rfc3339(finishedAtMs);
    const restart = this.#decideRestart(exitCode, finishedAtMs);
    const exit = { run: this.#record.run, exitCode, finishedAt, oomKilled: false, error };
    await untilSpace(() => writeExitRecord(this.#deps.paths, this.id, exit));
    await run.closePorts().catch(() => undefined);
    this.emit('die', {
      exitCode: String(exitCode),
      execDuration: String(Math.floor((finishedAtMs - this.#startedAtMs) / 1000)),
    });
    // Not before: what comes this late and is still shown to clients is in the log as well.
    this.#closeLogNow();
    this.#hub.end();
    this.#hub = this.#newHub();
    const result = { exitCode, ...(error === '' ? {} : { error }) };
    this.#waiters.settle(restart ? ['next-exit'] : ['next-exit', 'not-running'], result);
    const { oomKilled, problems } = await run.close();
    this.#run = undefined;
    if (oomKilled) this.emit('oom');
    const facts = {
      exitCode,
      finishedAt,
      oomKilled,
      error: [error, ...problems].filter(Boolean).join('; '),
      pid: 0,
    };
    const wantsRestart = restart && !this.#record.stoppedByUser;
    await untilSpace(() => {
      this.#record = wantsRestart
        ? this.#write({ ...facts, phase: 'restarting' })
        : this.#settled({ ...facts, phase: problems.length > 0 ? 'dead' : 'exited' });
    });
    if (wantsRestart) this.#scheduleRestart();
    else {
      this.#waiters.settle(['not-running'], result);
      if (this.#record.card.autoRemove) await this.#remove(exitCode);
    }
  }

  #decideRestart(exitCode: number, finishedAtMs: number): boolean {
    const { Name: name, MaximumRetryCount: maximumRetryCount } = this.#config.hostConfig.RestartPolicy;
    const decision = decideRestart({ name, maximumRetryCount }, this.#backoff, {
      exitCode,
      ranMs: finishedAtMs - this.#startedAtMs,
      stoppedByUser: this.#record.stoppedByUser,
    });
    if (decision.restart) this.#backoff = decision.backoff;
    return decision.restart;
  }

  #scheduleRestart(): void {
    this.#restartTimer = setTimeout(() => {
      this.#restartTimer = undefined;
      this.#record = { ...this.#record, restartCount: this.#record.restartCount + 1 };
      // A restart that cannot start is not tried again, as in Docker; its error is in the state.
      this.#launch().catch(() => undefined);
    }, this.#backoff.waitMs);
  }

  #cancelRestart(): void {
    if (this.#restartTimer === undefined) return;
    clearTimeout(this.#restartTimer);
    this.#restartTimer = undefined;
    this.#record = this.#settled({ phase: 'exited' });
    this.#waiters.settle(['not-running'], { exitCode: this.#record.exitCode });
  }

  #stopByUser(): void {
    if (!this.#record.stoppedByUser) this.#record = this.#write({ stoppedByUser: true });
    this.#cancelRestart();
  }

  async #signal(run: Run, name: string): Promise<void> {
    const action = windowsSignal(parseSignal(name)?.name ?? 'TERM');
    if (action === 'terminate') await run.system.terminate();
    else if (action === 'CtrlShutdown') await run.system.shutdown();
    else await run.init.signal(action);
  }

  async #terminate(run: Run): Promise<void> {
    const over = this.#whenOver();
    await run.system.terminate().catch(() => undefined);
    if (await withDeadline(over, killPatienceMs, () => false)) return;
    throw new PortholeError(
      'internal',
      'KILL_TIMEOUT',
      'tried to kill container, but did not receive an exit event',
    );
  }

  /** True when the current run has ended (its exit is recorded). */
  #whenOver(): Promise<boolean> {
    return this.#waiters.add('next-exit').result.then(() => true);
  }

  #startHealthcheck(run: Run): void {
    const { Healthcheck: check, Shell: shell } = this.#config.config;
    const commandLine = check === undefined ? undefined : healthcheckCommandLine(check.Test, shell);
    if (check === undefined || commandLine === undefined) return;
    const spec = { ...this.#config.spec.process, commandLine, tty: false };
    this.#record = this.#write({ health: { status: 'starting', failingStreak: 0 } });
    writeHealthRecord(this.#deps.paths, this.id, { run: this.#record.run, log: [] });
    this.#health = new Healthcheck({
      system: run.system,
      parameters: processParameters(spec),
      settings: healthSettings(check),
      now: this.#deps.now,
      onResult: (health, changed) => {
        writeHealthRecord(this.#deps.paths, this.id, { run: this.#record.run, log: health.log });
        this.#record = this.#write({
          health: { status: health.status, failingStreak: health.failingStreak },
        });
        if (changed) this.emit(`health_status: ${health.status}`);
      },
    });
  }

  async #remove(exitCode: number): Promise<void> {
    await removeContainer(this.#deps, this.id, { volumes: true });
    this.#gone = true;
    this.#waiters.settleAll({ exitCode });
  }

  #closeLogNow(): void {
    this.#closeLog();
    this.#flushLog = () => undefined;
    this.#closeLog = () => undefined;
    this.#logSize = () => undefined;
    this.#log = () => undefined;
  }

  #write(change: Partial<ContainerStateRecord>): ContainerStateRecord {
    return writeStateRecord(this.#deps.paths, this.id, this.#record, change);
  }

  /** A state that nobody has to answer for. */
  #settled(change: Partial<ContainerStateRecord>): ContainerStateRecord {
    const { owner: _owner, bound: _bound, execIds: _execIds, ...rest } = this.#record;
    // Docker shows a stopped container as unhealthy.
    const health = rest.health === undefined ? {} : { health: { ...rest.health, status: 'unhealthy' } };
    return writeStateRecord(this.#deps.paths, this.id, rest, { ...health, ...change });
  }
}

/** The end of a run must be written down, however full the disk is: the monitor stays until it can. */
async function untilSpace(write: () => void): Promise<void> {
  for (;;) {
    try {
      write();
      return;
    } catch (error) {
      if (!isKind(error, 'unavailable', 'NO_SPACE')) throw error;
      await delay(1000);
    }
  }
}

function leaving(): PortholeError {
  return new PortholeError('conflict', monitorLeaving, 'the container is being removed', { retriable: true });
}
