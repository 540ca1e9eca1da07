import { parseSchema } from '../../text/template/schema.ts';
import type { Schema } from '../../text/template/schema.ts';

/** What `version --format` and `info --format` evaluate: the client's own Go types around the engine's, API 1.50. */
const text = `
system.versionInfo {
  Client system.clientVersion
  Server *types.Version
}
system.clientVersion {
  Platform omitempty *system.platformInfo
  Version omitempty string
  APIVersion=ApiVersion omitempty string
  DefaultAPIVersion omitempty string
  GitCommit omitempty string
  GoVersion omitempty string
  Os omitempty string
  Arch omitempty string
  BuildTime omitempty string
  Context string
}
system.platformInfo {
  Name omitempty string
}
types.Version {
  Platform system.platformInfo
  Components omitempty []types.ComponentVersion
  Version string
  APIVersion=ApiVersion string
  MinAPIVersion omitempty string
  GitCommit string
  GoVersion string
  Os string
  Arch string
  KernelVersion omitempty string
  Experimental omitempty bool
  BuildTime omitempty string
}
types.ComponentVersion {
  Name string
  Version string
  Details omitempty map[string]string
}
system.dockerInfo {
  ID string
  Containers int
  ContainersRunning int
  ContainersPaused int
  ContainersStopped int
  Images int
  Driver string
  DriverStatus [][]string
  SystemStatus omitempty [][]string
  Plugins system.PluginsInfo
  MemoryLimit bool
  SwapLimit bool
  KernelMemory omitempty bool
  KernelMemoryTCP omitempty bool
  CPUCfsPeriod=CpuCfsPeriod bool
  CPUCfsQuota=CpuCfsQuota bool
  CPUShares bool
  CPUSet bool
  PidsLimit bool
  IPv4Forwarding bool
  Debug bool
  NFd int
  OomKillDisable bool
  NGoroutines int
  SystemTime string
  LoggingDriver string
  CgroupDriver string
  CgroupVersion omitempty string
  NEventsListener int
  KernelVersion string
  OperatingSystem string
  OSVersion string
  OSType string
  Architecture string
  IndexServerAddress string
  RegistryConfig *registry.ServiceConfig
  NCPU int
  MemTotal int64
  GenericResources []any
  DockerRootDir string
  HTTPProxy=HttpProxy string
  HTTPSProxy=HttpsProxy string
  NoProxy string
  Name string
  Labels []string
  ExperimentalBuild bool
  ServerVersion string
  Runtimes map[string]system.RuntimeWithStatus
  DefaultRuntime string
  Swarm swarm.Info
  LiveRestoreEnabled bool
  Isolation container.Isolation(string)
  InitBinary string
  ContainerdCommit system.Commit
  RuncCommit system.Commit
  InitCommit system.Commit
  SecurityOptions []string
  ProductLicense omitempty string
  DefaultAddressPools omitempty []system.NetworkAddressPool
  FirewallBackend omitempty *system.FirewallInfo
  CDISpecDirs []string
  DiscoveredDevices omitempty []system.DeviceInfo
  Containerd omitempty *system.ContainerdInfo
  Warnings []string
  ServerErrors omitempty []string
  ClientInfo omitempty *system.clientInfo
  ClientErrors omitempty []string
}
system.PluginsInfo {
  Volume []string
  Network []string
  Authorization []string
  Log []string
}
registry.ServiceConfig {
  IndexConfigs map[string]*registry.IndexInfo
  InsecureRegistryCIDRs []string
  Mirrors []string
}
registry.IndexInfo {
  Mirrors []string
  Name string
  Official bool
  Secure bool
}
system.RuntimeWithStatus {
  Path=path omitempty string
  Args=runtimeArgs omitempty []string
  Type=runtimeType omitempty string
  Options=options omitempty map[string]any
  Status=status omitempty map[string]string
}
swarm.Info {
  NodeID string
  NodeAddr string
  LocalNodeState swarm.LocalNodeState(string)
  ControlAvailable bool
  Error string
  RemoteManagers []any
  Nodes omitempty int
  Managers omitempty int
  Warnings omitempty []string
}
system.Commit {
  ID string
  Expected omitempty string
}
system.NetworkAddressPool {
  Base string
  Size int
}
system.FirewallInfo {
  Driver string
  Info omitempty [][]string
}
system.DeviceInfo {
  Source string
  ID string
}
system.ContainerdInfo {
  Address omitempty string
  Namespaces system.ContainerdNamespaces
}
system.ContainerdNamespaces {
  Containers string
  Plugins string
}
system.clientInfo {
  Debug bool
  Platform omitempty *system.platformInfo
  Version omitempty string
  APIVersion=ApiVersion omitempty string
  DefaultAPIVersion omitempty string
  GitCommit omitempty string
  GoVersion omitempty string
  Os omitempty string
  Arch omitempty string
  BuildTime omitempty string
  Context string
  Plugins []any
  Warnings []string
}
`;

let parsed: Schema | undefined;

export function systemTypes(): Schema {
  return (parsed ??= parseSchema(text));
}
