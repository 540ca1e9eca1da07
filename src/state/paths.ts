import { sep } from 'node:path';

/** Every file and folder below the data root, named once. See ARCHITECTURE.md 6 for who writes which. */
export interface DataPaths {
  readonly root: string;
  readonly oci: string;
  readonly ingest: string;
  readonly imageState: string;
  readonly buildCache: string;
  readonly windowsfilter: string;
  readonly plainLayers: string;
  readonly containers: string;
  readonly names: string;
  readonly networks: string;
  readonly hns: string;
  readonly events: string;
  readonly volumes: string;
  readonly locks: string;
  readonly leases: string;
  readonly trash: string;
  readonly wine: string;
  readonly run: string;
  container(id: string): string;
}

export function dataPaths(root: string): DataPaths {
  // Not `join`: every command makes them all, and normalising each costs more than it is worth.
  const at = (name: string): string => (root.endsWith(sep) ? root : root + sep) + name;
  const containers = at('containers');
  return {
    root,
    /** OCI image layout: readable by other tools as `oci:<root>/oci:<ref>`. */
    oci: at('oci'),
    ingest: at('ingest'),
    /** refs.json, per-blob metadata, build cache. */
    imageState: at('images'),
    buildCache: at('images' + sep + 'build-cache'),
    windowsfilter: at('windowsfilter'),
    /** Layers as ordinary files, of processes that may not make Windows' own. */
    plainLayers: at('plain-layers'),
    containers,
    /** `names/<name>` holds a container ID; created exclusively. */
    names: at('names'),
    networks: at('networks'),
    /** What the embedded network backend keeps as HNS would: networks, endpoints, namespaces. */
    hns: at('hns'),
    events: at('events'),
    /** `volumes/<name>/{volume.json,_data}`. */
    volumes: at('volumes'),
    locks: at('locks'),
    leases: at('leases'),
    trash: at('trash'),
    /** Wine templates, keyed by Wine version. */
    wine: at('wine'),
    /** Per running compute system: prefix, sockets, fifos. Nothing in it outlives the system. */
    run: at('run'),
    container: (id) => containers + sep + id,
  };
}
