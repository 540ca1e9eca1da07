import type { ContainerTopResponse } from '../../../api/types/index.ts';
import { PortholeError } from '../../../errors/porthole-error.ts';
import { callMonitor } from '../../../monitor/client.ts';
import { humanSize } from '../../../text/size.ts';
import type { ContainerDeps } from './deps.ts';
import { findContainer, monitorCallDeps } from './lifecycle.ts';

/** moby's columns on Windows: image name, PID, CPU time, private working set. */
export async function topOfContainer(deps: ContainerDeps, reference: string): Promise<ContainerTopResponse> {
  const { id, state } = await findContainer(deps, reference);
  const answer = state.Running ? await callMonitor(monitorCallDeps(deps), id, { type: 'top' }) : undefined;
  if (answer === undefined) {
    throw new PortholeError('conflict', 'CONTAINER_NOT_RUNNING', `container ${id} is not running`);
  }
  return {
    Titles: ['Name', 'PID', 'CPU', 'Private Working Set'],
    Processes: answer.processes.map((process) => [
      process.imageName,
      String(process.processId),
      cpuTime(BigInt(process.cpu100ns)),
      humanSize(process.workingSetPrivateBytes),
    ]),
  };
}

/** `00:01:02.345` of 100 ns units. */
export function cpuTime(units: bigint): string {
  const milliseconds = units / 10_000n;
  const two = (value: bigint): string => value.toString().padStart(2, '0');
  const seconds = milliseconds / 1000n;
  return (
    `${two(seconds / 3600n)}:${two((seconds / 60n) % 60n)}:${two(seconds % 60n)}.` +
    (milliseconds % 1000n).toString().padStart(3, '0')
  );
}
