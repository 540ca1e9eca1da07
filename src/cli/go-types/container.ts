import { parseSchema } from '../../text/template/schema.ts';
import type { Schema } from '../../text/template/schema.ts';

/** Docker's Go types of container documents, API 1.50: what `inspect --format` evaluates first (docker-cli.md 3.1). */
const text = `
container.InspectResponse {
  ID=Id string
  Created string
  Path string
  Args []string
  State *container.State
  Image string
  ResolvConfPath string
  HostnamePath string
  HostsPath string
  LogPath string
  Name string
  RestartCount int
  Driver string
  Platform string
  MountLabel string
  ProcessLabel string
  AppArmorProfile string
  ExecIDs []string
  HostConfig *container.HostConfig
  GraphDriver storage.DriverData
  SizeRw omitempty *int64
  SizeRootFs omitempty *int64
  Mounts []container.MountPoint
  Config *container.Config
  NetworkSettings *container.NetworkSettings
  ImageManifestDescriptor omitempty *v1.Descriptor
}
container.State {
  Status string
  Running bool
  Paused bool
  Restarting bool
  OOMKilled bool
  Dead bool
  Pid int
  ExitCode int
  Error string
  StartedAt string
  FinishedAt string
  Health omitempty *container.Health
}
container.Health {
  Status string
  FailingStreak int
  Log []*container.HealthcheckResult
}
container.HealthcheckResult {
  Start time.Time
  End time.Time
  ExitCode int
  Output string
}
container.HostConfig {
  Binds []string
  ContainerIDFile string
  LogConfig container.LogConfig
  NetworkMode container.NetworkMode(string)
  PortBindings nat.PortMap(map[nat.Port(string)][]nat.PortBinding)
  RestartPolicy container.RestartPolicy
  AutoRemove bool
  VolumeDriver string
  VolumesFrom []string
  ConsoleSize []uint
  Annotations omitempty map[string]string
  CapAdd strslice.StrSlice([]string)
  CapDrop strslice.StrSlice([]string)
  CgroupnsMode container.CgroupnsMode(string)
  DNS=Dns []string
  DNSOptions=DnsOptions []string
  DNSSearch=DnsSearch []string
  ExtraHosts []string
  GroupAdd []string
  IpcMode container.IpcMode(string)
  Cgroup container.CgroupSpec(string)
  Links []string
  OomScoreAdj int
  PidMode container.PidMode(string)
  Privileged bool
  PublishAllPorts bool
  ReadonlyRootfs bool
  SecurityOpt []string
  StorageOpt omitempty map[string]string
  Tmpfs omitempty map[string]string
  UTSMode container.UTSMode(string)
  UsernsMode container.UsernsMode(string)
  ShmSize int64
  Sysctls omitempty map[string]string
  Runtime omitempty string
  Isolation container.Isolation(string)
  CPUShares=CpuShares int64
  Memory int64
  NanoCPUs=NanoCpus int64
  CgroupParent string
  BlkioWeight uint16
  BlkioWeightDevice []*blkiodev.WeightDevice
  BlkioDeviceReadBps []*blkiodev.ThrottleDevice
  BlkioDeviceWriteBps []*blkiodev.ThrottleDevice
  BlkioDeviceReadIOps []*blkiodev.ThrottleDevice
  BlkioDeviceWriteIOps []*blkiodev.ThrottleDevice
  CPUPeriod=CpuPeriod int64
  CPUQuota=CpuQuota int64
  CPURealtimePeriod=CpuRealtimePeriod int64
  CPURealtimeRuntime=CpuRealtimeRuntime int64
  CpusetCpus string
  CpusetMems string
  Devices []container.DeviceMapping
  DeviceCgroupRules []string
  DeviceRequests []container.DeviceRequest
  KernelMemory omitempty int64
  KernelMemoryTCP omitempty int64
  MemoryReservation int64
  MemorySwap int64
  MemorySwappiness *int64
  OomKillDisable *bool
  PidsLimit *int64
  Ulimits []*units.Ulimit
  CPUCount=CpuCount int64
  CPUPercent=CpuPercent int64
  IOMaximumIOps uint64
  IOMaximumBandwidth uint64
  Mounts omitempty []mount.Mount
  MaskedPaths []string
  ReadonlyPaths []string
  Init omitempty *bool
}
container.LogConfig {
  Type string
  Config map[string]string
}
container.RestartPolicy {
  Name container.RestartPolicyMode(string)
  MaximumRetryCount int
}
container.DeviceMapping {
  PathOnHost string
  PathInContainer string
  CgroupPermissions string
}
container.DeviceRequest {
  Driver string
  Count int
  DeviceIDs []string
  Capabilities [][]string
  Options map[string]string
}
blkiodev.WeightDevice {
  Path string
  Weight uint16
}
blkiodev.ThrottleDevice {
  Path string
  Rate uint64
}
units.Ulimit {
  Name string
  Hard int64
  Soft int64
}
mount.Mount {
  Type omitempty mount.Type(string)
  Source omitempty string
  Target omitempty string
  ReadOnly omitempty bool
  Consistency omitempty mount.Consistency(string)
  BindOptions omitempty *mount.BindOptions
  VolumeOptions omitempty *mount.VolumeOptions
  TmpfsOptions omitempty *mount.TmpfsOptions
}
mount.BindOptions {
  Propagation omitempty mount.Propagation(string)
  NonRecursive omitempty bool
  CreateMountpoint omitempty bool
}
mount.VolumeOptions {
  NoCopy omitempty bool
  Labels omitempty map[string]string
  Subpath omitempty string
  DriverConfig omitempty *mount.Driver
}
mount.Driver {
  Name omitempty string
  Options omitempty map[string]string
}
mount.TmpfsOptions {
  SizeBytes omitempty int64
}
container.MountPoint {
  Type omitempty mount.Type(string)
  Name omitempty string
  Source string
  Destination string
  Driver omitempty string
  Mode string
  RW bool
  Propagation mount.Propagation(string)
}
container.Config {
  Hostname string
  Domainname string
  User string
  AttachStdin bool
  AttachStdout bool
  AttachStderr bool
  ExposedPorts omitempty nat.PortSet(map[nat.Port(string)]struct{})
  Tty bool
  OpenStdin bool
  StdinOnce bool
  Env []string
  Cmd strslice.StrSlice([]string)
  Healthcheck omitempty *v1.HealthcheckConfig
  ArgsEscaped omitempty bool
  Image string
  Volumes map[string]struct{}
  WorkingDir string
  Entrypoint strslice.StrSlice([]string)
  NetworkDisabled omitempty bool
  MacAddress omitempty string
  OnBuild []string
  Labels map[string]string
  StopSignal omitempty string
  StopTimeout omitempty *int
  Shell omitempty strslice.StrSlice([]string)
}
v1.HealthcheckConfig {
  Test omitempty []string
  Interval omitempty time.Duration
  Timeout omitempty time.Duration
  StartPeriod omitempty time.Duration
  StartInterval omitempty time.Duration
  Retries omitempty int
}
container.NetworkSettings {
  Bridge string
  SandboxID string
  SandboxKey string
  Ports nat.PortMap(map[nat.Port(string)][]nat.PortBinding)
  HairpinMode bool
  LinkLocalIPv6Address string
  LinkLocalIPv6PrefixLen int
  SecondaryIPAddresses []network.Address
  SecondaryIPv6Addresses []network.Address
  EndpointID string
  Gateway string
  GlobalIPv6Address string
  GlobalIPv6PrefixLen int
  IPAddress string
  IPPrefixLen int
  IPv6Gateway string
  MacAddress string
  Networks map[string]*network.EndpointSettings
}
nat.PortBinding {
  HostIP=HostIp string
  HostPort string
}
network.Address {
  Addr string
  PrefixLen int
}
network.EndpointSettings {
  IPAMConfig *network.EndpointIPAMConfig
  Links []string
  Aliases []string
  MacAddress string
  DriverOpts map[string]string
  GwPriority int
  NetworkID string
  EndpointID string
  Gateway string
  IPAddress string
  IPPrefixLen int
  IPv6Gateway string
  GlobalIPv6Address string
  GlobalIPv6PrefixLen int
  DNSNames []string
}
network.EndpointIPAMConfig {
  IPv4Address omitempty string
  IPv6Address omitempty string
  LinkLocalIPs omitempty []string
}
storage.DriverData {
  Data map[string]string
  Name string
}
v1.Descriptor {
  MediaType=mediaType string
  Digest=digest digest.Digest(string)
  Size=size int64
  URLs=urls omitempty []string
  Annotations=annotations omitempty map[string]string
  Platform=platform omitempty *v1.Platform
  ArtifactType=artifactType omitempty string
}
v1.Platform {
  Architecture=architecture string
  OS=os string
  OSVersion=os.version omitempty string
  OSFeatures=os.features omitempty []string
  Variant=variant omitempty string
}
`;

let parsed: Schema | undefined;

export function containerTypes(): Schema {
  return (parsed ??= parseSchema(text));
}
