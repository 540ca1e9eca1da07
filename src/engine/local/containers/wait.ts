import { setTimeout as delay } from 'node:timers/promises';
import type { ContainerWaitResponse } from '../../../api/types/index.ts';
import { isKind } from '../../../errors/porthole-error.ts';
import { isLeaving, waitAtMonitor } from '../../../monitor/client.ts';
import type { MonitorWait } from '../../../monitor/client.ts';
import { containerFolderExists, readExitRecord, readStateRecord } from '../../../state/container-files.ts';
import type { CallOptions, WaitCondition } from '../../roles/index.ts';
import type { ContainerDeps } from './deps.ts';
import { findContainer, monitorCallDeps } from './lifecycle.ts';
import { withMonitor } from './monitor-call.ts';

/** Registers a wait (resolves then); `exit` settles when the condition is met. */
export async function waitForContainer(
  deps: ContainerDeps,
  reference: string,
  condition: WaitCondition,
  options: CallOptions = {},
): Promise<{ exit: Promise<ContainerWaitResponse> }> {
  const { id, state } = await findContainer(deps, reference);
  if (condition === 'not-running') {
    const registered = state.Running
      ? await ifListening(() => waitAtMonitor(monitorCallDeps(deps), id, condition, options.signal))
      : undefined;
    return { exit: endOrNow(deps, id, registered) };
  }
  if (condition === 'removed' && !state.Running && state.Status !== 'created') {
    return { exit: untilRemoved(deps, id, state.ExitCode, options.signal) };
  }
  const run = awaitedRun(deps, id);
  const atMonitor = (): Promise<MonitorWait | undefined> =>
    waitAtMonitor(monitorCallDeps(deps), id, condition, options.signal);
  const first = await withMonitor(deps, id, atMonitor, options.signal);
  return { exit: endOfRun(deps, id, run, { condition, first, atMonitor, ...options }) };
}

/** The run whose end is the next one: the current one, or the one after it. */
function awaitedRun({ paths }: ContainerDeps, id: string): number {
  const record = readStateRecord(paths, id);
  if (record === undefined) return 1;
  const goesOn = ['starting', 'running', 'paused'].includes(record.phase);
  return goesOn && readExitRecord(paths, id)?.run !== record.run ? record.run : record.run + 1;
}

interface Registration extends CallOptions {
  readonly condition: 'next-exit' | 'removed';
  readonly first: MonitorWait;
  /** Undefined while no monitor listens. */
  readonly atMonitor: () => Promise<MonitorWait | undefined>;
}

/**
 * Outlives monitors: where one went before the awaited run began, it waits at the next. It starts none itself: that is for
 * whoever starts the container, and would keep out who removes it.
 */
async function endOfRun(
  deps: ContainerDeps,
  id: string,
  run: number,
  { condition, first, atMonitor, signal }: Registration,
): Promise<ContainerWaitResponse> {
  let response = await resultOf(first);
  while (response === undefined) {
    const outcome = await outcomeOf(deps, id, run);
    if (outcome !== undefined) {
      return condition === 'removed' ? untilRemoved(deps, id, outcome.StatusCode, signal) : outcome;
    }
    const next = await ifListening(atMonitor);
    if (next === undefined) await delay(50, undefined, signal === undefined ? {} : { signal });
    // An end between the look and the registration is not told to the latter.
    else if (endRecordOf(deps, id, run) === undefined) response = await resultOf(next);
    else next.cancel();
  }
  return response;
}

/** Undefined when the monitor went first. */
async function resultOf(wait: MonitorWait): Promise<ContainerWaitResponse | undefined> {
  return ifListening(() => wait.result.then(toResponse));
}

async function ifListening<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (!isLeaving(error)) throw error;
    return undefined;
  }
}

/** How a run ended or failed to begin, after repair; undefined while it may still begin or goes on. */
async function outcomeOf(
  deps: ContainerDeps,
  id: string,
  run: number,
): Promise<ContainerWaitResponse | undefined> {
  const before = endRecordOf(deps, id, run);
  const found = await ifExists(() => findContainer(deps, id));
  if (found === undefined) return before ?? { StatusCode: 0 };
  const ended = endRecordOf(deps, id, run);
  if (ended !== undefined) return ended;
  if (found.record.run < run || found.record.phase === 'starting' || found.state.Running) return undefined;
  return { StatusCode: found.state.ExitCode };
}

function endRecordOf({ paths }: ContainerDeps, id: string, run: number): ContainerWaitResponse | undefined {
  const exit = readExitRecord(paths, id);
  return exit !== undefined && exit.run >= run ? { StatusCode: exit.exitCode } : undefined;
}

/** What the monitor tells, or without one what is recorded now, after repair. */
async function endOrNow(
  deps: ContainerDeps,
  id: string,
  registered: MonitorWait | undefined,
): Promise<ContainerWaitResponse> {
  const told = registered === undefined ? undefined : await resultOf(registered);
  if (told !== undefined) return told;
  const found = await ifExists(() => findContainer(deps, id));
  return { StatusCode: found?.state.ExitCode ?? 0 };
}

function toResponse(result: { readonly exitCode: number; readonly error?: string }): ContainerWaitResponse {
  return {
    StatusCode: result.exitCode,
    ...(result.error === undefined ? {} : { Error: { Message: result.error } }),
  };
}

/** No monitor will tell: looks ten times a second whether the container is still there, and finishes what a killed one began. */
async function untilRemoved(
  deps: ContainerDeps,
  id: string,
  exitCode: number,
  signal: AbortSignal | undefined,
): Promise<ContainerWaitResponse> {
  for (;;) {
    await ifExists(() => findContainer(deps, id));
    if (!containerFolderExists(deps.paths, id)) return { StatusCode: exitCode };
    await delay(100, undefined, signal === undefined ? {} : { signal });
  }
}

async function ifExists<T>(find: () => Promise<T>): Promise<T | undefined> {
  try {
    return await find();
  } catch (error) {
    if (isKind(error, 'notFound')) return undefined;
    throw error;
  }
}
