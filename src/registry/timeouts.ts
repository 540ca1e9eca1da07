/** Every deadline of registry traffic, in milliseconds (images-and-registries.md 2.7). Bodies have no total limit. */
export interface RegistryTimeouts {
  /** Until the response headers have come. */
  readonly headers: number;
  /** The same for the request that ends an upload: the registry hashes the blob before it answers. */
  readonly finish: number;
  /** Without a byte in either direction: the connection is given up and the transfer resumed. */
  readonly idle: number;
  /** A whole token request. */
  readonly token: number;
  /** A credential helper's answer. */
  readonly helper: number;
}

export const defaultTimeouts: RegistryTimeouts = {
  headers: 60_000,
  finish: 600_000,
  idle: 60_000,
  token: 15_000,
  helper: 60_000,
};
