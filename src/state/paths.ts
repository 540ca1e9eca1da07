import { join, sep } from 'node:path';

/** Every file and folder below the data root, named once. See ARCHITECTURE.md 6 for who writes which. */
export interface DataPaths {
  readonly root: string;
  readonly oci: string;
  readonly ingest: string;
  readonly imageState: string;
  readonly windowsfilter: string;
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
  const containers = join(root, 'containers');
  return {
    root,
    /** OCI image layout: readable by other tools as `oci:<root>/oci:<ref>`. */
    oci: join(root, 'oci'),
    ingest: join(root, 'ingest'),
    /** refs.json, per-blob metadata, build cache. */
    imageState: join(root, 'images'),
    windowsfilter: join(root, 'windowsfilter'),
    containers,
    /** `names/<name>` holds a container ID; created exclusively. */
    names: join(root, 'names'),
    networks: join(root, 'networks'),
    /** What the embedded network backend keeps as HNS would: networks, endpoints, namespaces. */
    hns: join(root, 'hns'),
    events: join(root, 'events'),
    /** `volumes/<name>/{volume.json,_data}`. */
    volumes: join(root, 'volumes'),
    locks: join(root, 'locks'),
    leases: join(root, 'leases'),
    trash: join(root, 'trash'),
    /** Wine templates, keyed by Wine version. */
    wine: join(root, 'wine'),
    /** Per running compute system: prefix, sockets, fifos. Nothing in it outlives the system. */
    run: join(root, 'run'),
    container: (id) => containers + sep + id,
  };
}
