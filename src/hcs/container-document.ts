import type { ContainerSpec } from './container-spec.ts';
import { containerV1 } from './container-v1.ts';
import { containerV2 } from './container-v2.ts';
import type { ComputeSystemDocument } from './documents.ts';
import type { Isolation } from './isolation.ts';

/**
 * The one place that decides which schema a container is written in (design.md 6): v2 for process isolation, v1 for Hyper-V
 * isolation and for hosts without computecore.
 */
export function containerDocument(
  spec: ContainerSpec,
  isolation: Isolation,
  host: { readonly hasComputeCore: boolean },
): ComputeSystemDocument {
  const needsV1 = isolation === 'hyperv' || !host.hasComputeCore;
  return needsV1 ? containerV1(spec, isolation) : containerV2(spec);
}
