/**
 * Mutual exclusion between short processes, without a server. A lock is a file that is created exclusively and holds its
 * owner: process ID, process start time and a nonce (performance.md 5). A lock whose owner is gone is broken by the next
 * one who wants it, so SIGKILL at any moment leaves nothing stuck.
 *
 * Only the holder of `<lock>.break` removes a stale lock: two breakers cannot remove each other's fresh lock.
 */
import { linkSync, renameSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { PortholeError } from '../errors/porthole-error.ts';
import { errorCode, removeIfExists, temporaryPath } from './atomic-file.ts';
import { lockFileExists, placeLockFile, readLockFile } from './lock-file.ts';
import { pauseSync } from './pause.ts';
import { isAlive, ownIdentity } from './process-identity.ts';
import type { ProcessIdentity } from './process-identity.ts';

export interface LockOptions {
  /** Milliseconds; 30 s by default. After it: kind `unavailable`, code `LOCK_TIMEOUT`, retriable. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface Lock extends Disposable {
  readonly path: string;
  /** Gives the lock back. Safe to call twice. */
  release(): void;
}

interface LockRecord extends ProcessIdentity {
  readonly nonce: string;
}

const defaultTimeoutMs = 30_000;
let acquisitions = 0;

/** Takes the lock or gives undefined at once when a live process (or this one) holds it. Breaks a stale lock. */
export function tryLock(path: string): Lock | undefined {
  const record = newRecord();
  const text = encode(record);
  if (placeLockFile(path, text)) return heldLock(path, record.nonce);
  return breakIfStale(path) && placeLockFile(path, text) ? heldLock(path, record.nonce) : undefined;
}

/** Takes the lock, polling with pauses of 1-100 ms. Aborting rejects with the signal's reason. */
export async function acquireLock(path: string, options: LockOptions = {}): Promise<Lock> {
  const deadline = performance.now() + (options.timeoutMs ?? defaultTimeoutMs);
  for (let attempt = 0; ; attempt += 1) {
    options.signal?.throwIfAborted();
    const lock = attemptLock(path, attempt);
    if (lock !== undefined) return lock;
    if (performance.now() > deadline) throw lockTimeout(path);
    await delay(pauseOf(attempt), undefined, options.signal === undefined ? {} : { signal: options.signal });
  }
}

/** Runs `work` under the lock. */
export async function withLock<T>(
  path: string,
  work: () => Promise<T> | T,
  options: LockOptions = {},
): Promise<T> {
  const lock = await acquireLock(path, options);
  try {
    return await work();
  } finally {
    lock.release();
  }
}

/** Blocking form for batch code whose critical section is a few file operations. Never use it in a server or a monitor. */
export function withLockSync<T>(
  path: string,
  work: () => T,
  options: Pick<LockOptions, 'timeoutMs'> = {},
): T {
  const deadline = performance.now() + (options.timeoutMs ?? defaultTimeoutMs);
  for (let attempt = 0; ; attempt += 1) {
    const lock = attemptLock(path, attempt);
    if (lock !== undefined) {
      try {
        return work();
      } finally {
        lock.release();
      }
    }
    if (performance.now() > deadline) throw lockTimeout(path);
    pauseSync(pauseOf(attempt));
  }
}

/** Whether the holder is alive is looked up at the first attempt and then now and then: it costs more than a look. */
function attemptLock(path: string, attempt: number): Lock | undefined {
  return attempt % 8 !== 0 && lockFileExists(path) ? undefined : tryLock(path);
}

/** The live holder of a lock, if any: for messages and for reconciling. */
export function lockHolder(path: string): ProcessIdentity | undefined {
  const record = readRecord(path);
  return record !== undefined && isAlive(record)
    ? { pid: record.pid, startTime: record.startTime }
    : undefined;
}

function heldLock(path: string, nonce: string): Lock {
  let held = true;
  const release = (): void => {
    if (!held) return;
    held = false;
    if (readRecord(path)?.nonce === nonce) removeIfExists(path);
  };
  return { path, release, [Symbol.dispose]: release };
}

function newRecord(): LockRecord {
  acquisitions += 1;
  const { pid, startTime } = ownIdentity();
  return { pid, startTime, nonce: `${pid}.${startTime}.${acquisitions}` };
}

function encode(record: LockRecord): string {
  return `${record.pid} ${record.startTime} ${record.nonce}`;
}

function readRecord(path: string): LockRecord | undefined {
  const text = readLockFile(path);
  if (text === undefined) return undefined;
  const [pid, startTime, nonce] = text.trimEnd().split(' ');
  // Anything else was not written by us: held by nobody.
  if (nonce === undefined) return { pid: 0, startTime: '', nonce: text };
  return { pid: Number(pid), startTime: startTime ?? '', nonce };
}

/** True when the lock is free now: its owner was gone and the file was removed, or it vanished by itself. */
function breakIfStale(path: string): boolean {
  const seen = readRecord(path);
  if (seen === undefined) return true;
  if (isAlive(seen)) return false;
  const guard = `${path}.break`;
  const record = newRecord();
  if (!placeLockFile(guard, encode(record))) {
    const breaker = readRecord(guard);
    if (breaker !== undefined && !isAlive(breaker)) dropStaleGuard(guard, breaker.nonce);
    return false;
  }
  try {
    const now = readRecord(path);
    if (now?.nonce === seen.nonce) removeIfExists(path);
    return now === undefined || now.nonce === seen.nonce;
  } finally {
    if (readRecord(guard)?.nonce === record.nonce) removeIfExists(guard);
  }
}

/** A breaker was killed within its few microseconds. Renamed first and looked at again, so that a fresh guard is put back. */
function dropStaleGuard(guard: string, nonce: string): void {
  const aside = temporaryPath(guard);
  try {
    renameSync(guard, aside);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return;
    throw error;
  }
  if (readRecord(aside)?.nonce !== nonce) {
    try {
      linkSync(aside, guard);
    } catch {
      // Someone has taken the guard meanwhile: it is theirs.
    }
  }
  removeIfExists(aside);
}

/**
 * Milliseconds between looks: soon at first, then seldom, because many who look often keep the holder from running. Spread by
 * up to a half so that waiting processes do not march in step.
 */
const pauses = [1, 2, 5, 10, 15, 20, 25, 25, 25, 50, 50, 100];

function pauseOf(attempt: number): number {
  return pauses[Math.min(attempt, pauses.length - 1)]! * (0.5 + Math.random() / 2);
}

function lockTimeout(path: string): PortholeError {
  const holder = lockHolder(path);
  const who = holder === undefined ? 'another process' : `process ${holder.pid}`;
  return new PortholeError(
    'unavailable',
    'LOCK_TIMEOUT',
    `timed out waiting for the lock ${path} held by ${who}`,
    {
      hint: 'another porthole command is at work; try again when it has finished',
      retriable: true,
    },
  );
}
