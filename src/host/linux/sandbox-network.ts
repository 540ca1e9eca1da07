/**
 * What the compute adapter needs of the network adapter to put a sandbox into a network (linux-backend.md 14). The
 * network adapter implements it; the compute adapter only reads files and enters what is named here.
 */
export interface PreparedSandboxNetwork {
  /**
   * A namespace that exists and is configured: the sandbox enters it (setns) instead of unsharing its own.
   * Absent = the sandbox unshares its own network namespace and brings `lo` up in it.
   */
  readonly netnsPath?: string;
  /** Absolute path of the file that is bind-mounted on /etc/resolv.conf. Rewritten in place while the sandbox lives. */
  readonly resolvConf: string;
  /** Absolute path of the file that is bind-mounted on /etc/hosts. Rewritten in place while the sandbox lives. */
  readonly hosts: string;
  /**
   * To be called once a process exists inside the sandbox's own namespaces (only when `netnsPath` is absent), with its pid
   * as the caller of `prepare` sees it, before the first Windows program runs. Resolves when the uplink and the links are up.
   */
  readonly started?: (sandboxPid: number) => Promise<void>;
}

/** What of the container's document concerns its resolver files. */
export interface SandboxNetworkOptions {
  /** `Container.Networking.DnsSearchList`, split at its commas. */
  readonly dnsSearch?: readonly string[];
  /** `Container.GuestOs.HostName`: resolves to the sandbox's own address. */
  readonly hostName?: string;
}

export interface SandboxNetwork {
  /**
   * `undefined`: loopback only (`--network none`, and every network on a host that can give no more). Idempotent; files of
   * an undefined namespace are shared by all such sandboxes.
   */
  prepare(namespaceId: string | undefined, options?: SandboxNetworkOptions): Promise<PreparedSandboxNetwork>;
}
