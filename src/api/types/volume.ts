/** `GET /volumes/{name}`, and one item of `GET /volumes`. The order is that of the engine's JSON. */
export interface Volume {
  /** RFC 3339. */
  CreatedAt?: string;
  Driver: string;
  Labels: Record<string, string> | null;
  /** Host folder of the content. */
  Mountpoint: string;
  Name: string;
  Options: Record<string, string> | null;
  Scope: string;
  /** Only where disk usage was asked for. */
  UsageData?: { RefCount: number; Size: number } | null;
}

/** Body of `POST /volumes/create`. Without a name the engine gives one, and the volume counts as anonymous. */
export interface VolumeCreateRequest {
  Driver?: string;
  DriverOpts?: Record<string, string>;
  Labels?: Record<string, string>;
  Name?: string;
}

/** `GET /volumes`. */
export interface VolumesListResponse {
  Volumes: Volume[] | null;
  Warnings: string[] | null;
}

/** `POST /volumes/prune`: names, and bytes. Null when nothing went. */
export interface VolumesPruneResponse {
  VolumesDeleted: string[] | null;
  SpaceReclaimed: number;
}
