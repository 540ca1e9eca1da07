/** Processes of a sandbox as /proc shows them, for those who do not hold its launcher. Wine's own are left out. */
import { readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { uptime } from 'node:os';
import type { ComputeProcessInfo } from '../ports/compute.ts';
import { readTextIfExists } from './read-if-exists.ts';
import { sandboxPids } from './system-statistics.ts';

const helpers =
  /^(?:services|winedevice|plugplay|svchost|explorer|conhost|rpcss|wineboot|winemenubuilder|launcher)\.exe$/i;

const ticksPerSecond = 100;
const pageSize = 4096;

/** `now` in milliseconds since the epoch. Pids are the host's here: Windows' are known to the owner only. */
export function unixProcesses(sandboxPid: number, now: number): ComputeProcessInfo[] {
  return sandboxPids(sandboxPid).flatMap((pid) => describe(pid, now) ?? []);
}

/** Wine shows the words of the Windows command line: `C:\a\b.exe`, or `cmd`. */
function imageName(word: string): string {
  const name = word.split(/[\\/]/).at(-1) ?? word;
  return /\.[a-z]{3}$/i.test(name) ? name : `${name}.exe`;
}

function describe(pid: number, now: number): ComputeProcessInfo | undefined {
  let stat: string[];
  let commandLine: string;
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    stat = text.slice(text.lastIndexOf(')') + 2).split(' ');
    commandLine = readTextIfExists(`/proc/${pid}/cmdline`) ?? '';
    // Windows programs are Wine's loader to the kernel; its server and our first process are none.
    if (!/^wine(?!server)/.test(basename(readlinkSync(`/proc/${pid}/exe`)))) return undefined;
  } catch {
    return undefined;
  }
  const name = imageName(commandLine.split('\0')[0] ?? '');
  if (helpers.test(name)) return undefined;
  const started = now - uptime() * 1000 + (Number(stat[19]) / ticksPerSecond) * 1000;
  const units = (ticks: string | undefined): bigint =>
    BigInt(ticks ?? 0) * BigInt(10_000_000 / ticksPerSecond);
  return {
    processId: pid,
    imageName: name,
    createTimestamp: new Date(started).toISOString(),
    userTime100ns: units(stat[11]),
    kernelTime100ns: units(stat[12]),
    workingSetPrivateBytes: Number(stat[21]) * pageSize,
  };
}
