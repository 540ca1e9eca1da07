import { readFileSync } from 'node:fs';
import { kill, pid as ownPid, platform } from 'node:process';

/**
 * Who holds something: a process ID alone is reused, so its start time goes with it (performance.md 5). `startTime` is
 * text to be compared only: on Linux clock ticks since boot plus the boot ID, on Windows the creation time; empty where the
 * system does not tell.
 */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startTime: string;
}

/** Text of a running process' creation time, empty when it may not be asked; undefined when there is no such process. */
export type StartTimeReader = (pid: number) => string | undefined;

let bootId: string | undefined;
let own: ProcessIdentity | undefined;
let reader: StartTimeReader | undefined;

/** For systems without `/proc`: how to ask. Until somebody has said it, every process of an ID counts as the one that is meant. */
export function provideStartTimes(startTimes: StartTimeReader): void {
  reader = startTimes;
  own = undefined;
}

/** The calling process. Read once. */
export function ownIdentity(): ProcessIdentity {
  own ??= { pid: ownPid, startTime: startTimeOf(ownPid) ?? '' };
  return own;
}

/** Identity of another process, to write down who was started. `undefined` when it is gone. */
export function identityOf(pid: number): ProcessIdentity | undefined {
  if (!exists(pid)) return undefined;
  return { pid, startTime: startTimeOf(pid) ?? '' };
}

/** True while that very process runs: same ID and, where both are known, same start time. Zombies count as gone. */
export function isAlive(identity: ProcessIdentity): boolean {
  // Where there is a /proc its answer says it all.
  if (!hasProc() && !exists(identity.pid)) return false;
  const startTime = startTimeOf(identity.pid);
  if (startTime === undefined) return false;
  return identity.startTime === '' || startTime === '' || startTime === identity.startTime;
}

function exists(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Undefined for a zombie or a process that has just gone; empty where there is no `/proc`. */
function startTimeOf(pid: number): string | undefined {
  if (reader !== undefined) return reader(pid);
  const stat = hasProc() ? readStat(pid) : undefined;
  if (stat === undefined) return hasProc() ? undefined : '';
  // The command name may hold spaces and parentheses: fields are counted from the last ')'. Field 3 is the state, 22 the start.
  let at = stat.lastIndexOf(')') + 2;
  if (stat[at] === 'Z' || stat[at] === 'X') return undefined;
  for (let field = 3; field < 22; field++) at = stat.indexOf(' ', at) + 1;
  return `${stat.slice(at, stat.indexOf(' ', at))}@${readBootId()}`;
}

function readStat(pid: number): string | undefined {
  try {
    // As UTF-8, which Node reads in one native call; `ps` asks for every running container.
    return readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
}

function hasProc(): boolean {
  return readBootId() !== '';
}

function readBootId(): string {
  if (bootId === undefined) {
    // There the path would mean whatever lies on the current drive.
    if (platform === 'win32') return (bootId = '');
    try {
      bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').slice(0, 13);
    } catch {
      bootId = '';
    }
  }
  return bootId;
}
