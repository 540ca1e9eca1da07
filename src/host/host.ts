import type { ComputePort } from './ports/compute.ts';
import type { LayerStore } from './ports/layers.ts';
import type { NetworkPort } from './ports/network.ts';

/** The three ports of one host, opened together by the composition root: `windows`, `linux` or `memory`. */
export interface Host {
  readonly compute: ComputePort;
  readonly network: NetworkPort;
  readonly layers: LayerStore;
}
