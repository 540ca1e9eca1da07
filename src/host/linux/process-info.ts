import type { ComputeProcessInfo } from '../ports/compute.ts';
import type { LauncherProcess } from './launcher-protocol.ts';

/** 100 ns units between 1601 and 1970. */
const epochDifference = 116_444_736_000_000_000n;

export function processInfo(process: LauncherProcess): ComputeProcessInfo {
  const milliseconds = Number((process.created - epochDifference) / 10_000n);
  return {
    processId: process.pid,
    imageName: process.path.split('\\').at(-1) ?? process.path,
    createTimestamp: new Date(Math.max(0, milliseconds)).toISOString(),
    userTime100ns: process.user100ns,
    kernelTime100ns: process.kernel100ns,
    workingSetPrivateBytes: process.workingSet,
  };
}
