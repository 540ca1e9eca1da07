import type { AssignedDevice } from './devices.ts';
import type { LayerReference, MappedDirectory, MappedPipe } from './documents.ts';
import type { ResourceLimits } from './resources.ts';

/** Everything that a compute system document says, in neither schema's spelling. */
export interface ContainerSpec {
  /** Container ID, 64 hex digits. */
  readonly id: string;
  /** Management stack tag: `porthole`. Systems with another one are not ours. */
  readonly owner: string;
  readonly hostName: string;
  readonly storage: {
    /** `LayerStore.mount`'s values. */
    readonly volumePath: string;
    readonly folder: string;
    readonly layers: readonly LayerReference[];
    /** Hyper-V isolation: the topmost `UtilityVM` folder of the layers. */
    readonly utilityVmPath?: string;
  };
  readonly directories: readonly MappedDirectory[];
  readonly pipes: readonly MappedPipe[];
  readonly limits: ResourceLimits;
  readonly devices: readonly AssignedDevice[];
  readonly network: {
    readonly namespaceId?: string;
    readonly endpointIds: readonly string[];
    readonly dnsSearch: readonly string[];
    readonly allowUnqualifiedDns: boolean;
    readonly sharedWith?: string;
  };
  /** Credential spec JSON (gMSA). */
  readonly credentials?: string;
  /** True until the container was started once (v1's IgnoreFlushesDuringBoot). */
  readonly firstStart: boolean;
}
