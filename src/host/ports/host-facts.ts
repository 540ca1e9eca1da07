/**
 * What an operating system says about itself, as far as running Windows containers depends on it. A probe only looks: it
 * changes nothing, needs no elevation and never throws because one fact cannot be had. Such a fact is undefined, and
 * `unread` says why under the fact's name.
 *
 * Example: `const facts = await (await openHostFacts(environment)).read();`
 * `if (facts.platform === 'win32' && facts.services.vmcompute.state === 'absent') …`.
 */
export type HostFacts = WindowsHostFacts | LinuxHostFacts;

export interface HostFactsPort {
  read(call?: { readonly signal?: AbortSignal }): Promise<HostFacts>;
  /** Windows only: starts a stopped service and waits until it runs. Needs elevation; kind `forbidden` without. */
  startService?(name: WindowsServiceName): Promise<void>;
}

export interface WindowsHostFacts {
  readonly platform: 'win32';
  /** Node's name of the processor: `x64`, `arm64`. */
  readonly arch: string;
  readonly processors: number;
  readonly memoryBytes: number;
  /** Of RtlGetVersion and, for the revision, the registry's UBR. */
  readonly version: WindowsVersion;
  readonly product: WindowsProduct;
  /** A token of an administrator with all its rights: what HCS, HNS and layers need. */
  readonly elevated: boolean;
  /** Privileges for layers that this process' token does not hold at all, so that enabling them would fail. */
  readonly missingPrivileges: readonly string[];
  readonly features: { readonly containers: FeatureState; readonly hyperV: FeatureState };
  readonly virtualization: {
    /** VT-x or AMD-V switched on in firmware. True also while a hypervisor hides it. Undefined: cannot be told. */
    readonly firmware: boolean | undefined;
    /** A hypervisor runs below this system: Hyper-V's own, or that of the machine this is a guest of. */
    readonly hypervisor: boolean | undefined;
    /** This system is itself a virtual machine: Hyper-V isolation needs nested virtualization then. */
    readonly guest: boolean | undefined;
    /** As firmware names the machine: `Microsoft Corporation Virtual Machine`. */
    readonly machine: string | undefined;
  };
  readonly services: Readonly<Record<WindowsServiceName, ServiceFact>>;
  /** DLLs of containers, by whether they can be loaded. */
  readonly libraries: Readonly<Record<WindowsLibraryName, boolean>>;
  readonly layerDriver: LayerDriverFact;
  /** Why a restart is pending: `servicing`, `file renames`, `update`. Empty: none is. */
  readonly pendingRestart: readonly string[];
  readonly dataRoot: VolumeFact;
  /** Microsoft Defender: undefined where it is not installed. */
  readonly defender: DefenderFact | undefined;
  /** TCP ports that the system keeps for itself (`netsh int ipv4 show excludedportrange tcp`). */
  readonly excludedPorts: readonly PortRange[] | undefined;
  readonly addresses: readonly HostAddress[];
  readonly routes: readonly HostRoute[] | undefined;
  /** LongPathsEnabled of the file system's registry key: other programs' limit, not ours. */
  readonly longPaths: boolean | undefined;
  readonly unread: Readonly<Record<string, string>>;
}

/** `10.0.20348.2700` in numbers. The revision is 0 when the registry has none. */
export interface WindowsVersion {
  readonly major: number;
  readonly minor: number;
  readonly build: number;
  readonly revision: number;
}

export interface WindowsProduct {
  /** `Windows Server 2022 Datacenter`; from the registry, which says Windows 10 on Windows 11 too. */
  readonly name: string;
  /** EditionID: `Professional`, `Core` (Home), `ServerStandard`. */
  readonly edition: string;
  /** InstallationType: `Client`, `Server`, `Server Core`, `Nano Server`. */
  readonly installation: string;
  /** DisplayVersion: `21H2`; empty on older builds. */
  readonly displayVersion: string;
  /** Derived: anything that is not a client. */
  readonly server: boolean;
}

/** Of the services that a feature brings. `unknown`: Windows would not tell; `absent`: this edition does not have the feature. */
export type FeatureState = 'enabled' | 'disabled' | 'absent' | 'unknown';

/** The services that containers live on: HCS, HNS, NAT's driver, Hyper-V's management, the layer filters' drivers. */
export type WindowsServiceName = 'vmcompute' | 'hns' | 'winnat' | 'vmms' | 'wcifs' | 'SharedAccess';

export type WindowsLibraryName = 'vmcompute.dll' | 'computecore.dll' | 'computenetwork.dll' | 'virtdisk.dll';

export interface LayerDriverFact {
  /** What PORTHOLE_LAYER_DRIVER asks for; undefined: nothing. */
  readonly asked: string | undefined;
  /** The DLL whose calls make layers here; undefined: no such driver is known. */
  readonly used: 'vmcompute' | 'computestorage' | undefined;
  /** That DLL has all calls that layers need. */
  readonly isComplete: boolean;
}

export type ServiceState =
  | 'running'
  | 'stopped'
  | 'starting'
  | 'stopping'
  | 'paused'
  /** No such service. */
  | 'absent'
  /** It exists, but this user may not ask. */
  | 'unknown';

export interface ServiceFact {
  readonly state: ServiceState;
  /** `boot`, `system`, `auto`, `manual`, `disabled`; undefined when it could not be read. */
  readonly start: 'boot' | 'system' | 'auto' | 'manual' | 'disabled' | undefined;
}

export interface VolumeFact {
  readonly path: string;
  /** `NTFS`, `ReFS`: layers need NTFS. Undefined when the volume cannot be asked. */
  readonly fileSystem: string | undefined;
  readonly freeBytes: number | undefined;
  readonly totalBytes: number | undefined;
}

export interface DefenderFact {
  readonly service: ServiceState;
  /** Undefined when the registry does not say. */
  readonly realTime: boolean | undefined;
  /** Excluded folders; undefined when this user may not see them (only administrators may). */
  readonly excludedPaths: readonly string[] | undefined;
}

export interface PortRange {
  readonly first: number;
  readonly last: number;
  /** Marked by an administrator (`netsh … add excludedportrange`), not taken by WinNAT. */
  readonly administered: boolean;
}

export interface HostAddress {
  readonly interface: string;
  /** `192.168.1.5/24`. */
  readonly cidr: string;
  readonly internal: boolean;
}

export interface HostRoute {
  /** `0.0.0.0/0` is the default route. */
  readonly destination: string;
  readonly gateway: string;
  readonly interfaceIndex: number;
  readonly metric: number;
}

export interface LinuxHostFacts {
  readonly platform: 'linux';
  readonly arch: string;
  readonly processors: number;
  readonly root: boolean;
  readonly kernel: string;
  /** `Debian GNU/Linux 12 (bookworm)` */
  readonly distribution: string | undefined;
  readonly wineRoot: string;
  /** `wine-8.0 (…)`, undefined when none was found. */
  readonly wine: string | undefined;
  /** Its program, as the Wine root spells it. */
  readonly wineLoader: string | undefined;
  /** Error of making namespaces, undefined when it works. */
  readonly namespaces: string | undefined;
  /** Values of the kernel settings that decide whether users may make namespaces; those that this kernel has. */
  readonly namespaceSettings: Readonly<Record<string, string>>;
  /** Error of mounting an overlay on the data root's file system, undefined when it works. */
  readonly overlay: string | undefined;
  readonly fuseOverlayfs: boolean;
  /** Error of installing the system call filter, undefined when it works. */
  readonly seccomp: string | undefined;
  /** Why memory or CPU cannot be limited, undefined when both can. */
  readonly cgroups: string | undefined;
  /** Programs of the network that were found in PATH. */
  readonly networkTools: readonly string[];
  readonly tun: boolean;
  /** Prebuilt programs of this package that are missing or cannot be run. */
  readonly missingParts: readonly string[];
  readonly dataRoot: DataRootFact;
}

export interface DataRootFact {
  readonly path: string;
  /** Itself, or the nearest folder above it that exists. */
  readonly existing: string;
  /** Undefined: not there yet, the first command makes it. False: it is something else. */
  readonly folder: boolean | undefined;
  readonly owner: number | undefined;
  /** Permission bits. */
  readonly mode: number | undefined;
  /** Who asks. */
  readonly user: number;
  /** Whether that user may write into `existing`. */
  readonly writable: boolean;
  readonly freeBytes: number | undefined;
  readonly totalBytes: number | undefined;
}
