/** Statistics of a system: from its control groups, else summed over its processes (linux-backend.md 15). */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { ComputeStatistics } from '../ports/compute.ts';
import type { SandboxCgroups } from './cgroups.ts';
import { readTextIfExists } from './read-if-exists.ts';

export function statisticsOf(cgroups: SandboxCgroups, sandboxPid: number): ComputeStatistics {
  const usage = cgroups.usage();
  if (usage === undefined) return summed(sandboxPid);
  return {
    totalRuntime100ns: hundreds(usage.totalNs),
    userRuntime100ns: hundreds(usage.userNs),
    kernelRuntime100ns: hundreds(usage.kernelNs),
    memoryCommitBytes: usage.memoryBytes,
    memoryCommitPeakBytes: usage.memoryPeakBytes,
    memoryPrivateWorkingSetBytes: usage.workingSetBytes,
    readBytes: usage.readBytes,
    writeBytes: usage.writeBytes,
  };
}

function hundreds(nanoseconds: number): bigint {
  return BigInt(Math.round(nanoseconds / 100));
}

const ticksPerSecond = 100;
const pageSize = 4096;

/** Host pids of the processes in the same PID namespace. */
export function sandboxPids(sandboxPid: number): number[] {
  const namespace = namespaceOf(sandboxPid);
  if (namespace === undefined) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => namespaceOf(pid) === namespace);
}

function namespaceOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return undefined;
  }
}

function summed(sandboxPid: number): ComputeStatistics {
  let [user, kernel, commit, peak, resident, read, write] = [0, 0, 0, 0, 0, 0, 0];
  for (const pid of sandboxPids(sandboxPid)) {
    let stat: string[];
    try {
      const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
      stat = text.slice(text.lastIndexOf(')') + 2).split(' ');
    } catch {
      continue;
    }
    user += Number(stat[11]);
    kernel += Number(stat[12]);
    resident += Number(stat[21]) * pageSize;
    const status = readTextIfExists(`/proc/${pid}/status`) ?? '';
    commit += kibibytes(status, 'VmData');
    peak += kibibytes(status, 'VmHWM');
    const io = readIo(pid);
    read += Number(/^read_bytes: (\d+)$/m.exec(io)?.[1] ?? 0);
    write += Number(/^write_bytes: (\d+)$/m.exec(io)?.[1] ?? 0);
  }
  const units = (ticks: number): bigint => BigInt(ticks) * BigInt(10_000_000 / ticksPerSecond);
  return {
    totalRuntime100ns: units(user + kernel),
    userRuntime100ns: units(user),
    kernelRuntime100ns: units(kernel),
    memoryCommitBytes: commit,
    memoryCommitPeakBytes: Math.max(peak, commit),
    memoryPrivateWorkingSetBytes: resident,
    readBytes: read,
    writeBytes: write,
  };
}

function readIo(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/io`, 'latin1');
  } catch {
    return '';
  }
}

function kibibytes(status: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0) * 1024;
}
