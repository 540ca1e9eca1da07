/** Limits of a system document in this host's terms (hcs.md 6.4). Pure but for the number of processors. */
import { availableParallelism } from 'node:os';
import type { ResourceLimits } from './cgroups.ts';
import type { SystemRequest } from './system-request.ts';

const mebibyte = 1024 * 1024;

export function limitsOf(request: SystemRequest, hostProcessors = availableParallelism()): ResourceLimits {
  const { count, maximum, weight } = request.processors;
  const time = processorTime(count, maximum, hostProcessors);
  return {
    ...(request.memoryMB === undefined ? {} : { memoryBytes: request.memoryMB * mebibyte }),
    ...(time === undefined ? {} : { processorTime: time }),
    ...(weight === undefined ? {} : { weight }),
  };
}

/** How many processors programs are shown; undefined for all. */
export function visibleProcessors(
  processors: SystemRequest['processors'],
  hostProcessors = availableParallelism(),
): number | undefined {
  const time = processorTime(processors.count, processors.maximum, hostProcessors);
  const visible = time === undefined ? hostProcessors : Math.max(1, Math.ceil(time));
  return visible >= hostProcessors ? undefined : visible;
}

/** `maximum` is in hundredths of a percent of all processors. */
function processorTime(
  count: number | undefined,
  maximum: number | undefined,
  host: number,
): number | undefined {
  if (count !== undefined) return count >= host ? undefined : count;
  if (maximum === undefined || maximum >= 10_000) return undefined;
  return (maximum / 10_000) * host;
}
