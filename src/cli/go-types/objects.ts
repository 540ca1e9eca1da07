import { parseSchema } from '../../text/template/schema.ts';
import type { Schema } from '../../text/template/schema.ts';

/** Docker's Go types of image, network and volume documents and of events, API 1.50. */
const text = `
image.InspectResponse {
  ID=Id string
  RepoTags []string
  RepoDigests []string
  Parent string
  Comment string
  Created omitempty string
  Container omitempty string
  DockerVersion string
  Author string
  Config *v1.DockerOCIImageConfig
  Architecture string
  Variant omitempty string
  Os string
  OsVersion omitempty string
  Size int64
  VirtualSize omitempty int64
  GraphDriver storage.DriverData
  RootFS image.RootFS
  Metadata image.Metadata
  Descriptor omitempty *v1.Descriptor
}
v1.DockerOCIImageConfig {
  User omitempty string
  ExposedPorts omitempty map[string]struct{}
  Env omitempty []string
  Entrypoint omitempty []string
  Cmd omitempty []string
  Volumes omitempty map[string]struct{}
  WorkingDir omitempty string
  Labels omitempty map[string]string
  StopSignal omitempty string
  ArgsEscaped omitempty bool
  Healthcheck omitempty *v1.HealthcheckConfig
  OnBuild omitempty []string
  Shell omitempty []string
}
v1.HealthcheckConfig {
  Test omitempty []string
  Interval omitempty time.Duration
  Timeout omitempty time.Duration
  StartPeriod omitempty time.Duration
  StartInterval omitempty time.Duration
  Retries omitempty int
}
storage.DriverData {
  Data map[string]string
  Name string
}
image.RootFS {
  Type omitempty string
  Layers omitempty []string
}
image.Metadata {
  LastTagTime time.Time
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
network.Inspect {
  Name string
  ID=Id string
  Created time.Time
  Scope string
  Driver string
  EnableIPv4 bool
  EnableIPv6 bool
  IPAM network.IPAM
  Internal bool
  Attachable bool
  Ingress bool
  ConfigFrom network.ConfigReference
  ConfigOnly bool
  Containers map[string]network.EndpointResource
  Options map[string]string
  Labels map[string]string
  Peers omitempty []network.PeerInfo
  Services omitempty map[string]network.ServiceInfo
}
network.IPAM {
  Driver string
  Options map[string]string
  Config []network.IPAMConfig
}
network.IPAMConfig {
  Subnet omitempty string
  IPRange omitempty string
  Gateway omitempty string
  AuxAddress=AuxiliaryAddresses omitempty map[string]string
}
network.ConfigReference {
  Network string
}
network.EndpointResource {
  Name string
  EndpointID string
  MacAddress string
  IPv4Address string
  IPv6Address string
}
network.PeerInfo {
  Name string
  IP string
}
network.ServiceInfo {
  VIP string
  Ports []string
  LocalLBIndex int
  Tasks []network.Task
}
network.Task {
  Name string
  EndpointID string
  EndpointIP string
  Info map[string]string
}
volume.Volume {
  CreatedAt omitempty string
  Driver string
  Labels map[string]string
  Mountpoint string
  Name string
  Options map[string]string
  Scope string
  Status omitempty map[string]any
  UsageData omitempty *volume.UsageData
}
volume.UsageData {
  RefCount int64
  Size int64
}
events.Message {
  Status=status omitempty string
  ID=id omitempty string
  From=from omitempty string
  Type events.Type(string)
  Action events.Action(string)
  Actor events.Actor
  Scope=scope omitempty string
  Time=time omitempty int64
  TimeNano=timeNano omitempty int64
}
events.Actor {
  ID string
  Attributes map[string]string
}
`;

let parsed: Schema | undefined;

export function objectTypes(): Schema {
  return (parsed ??= parseSchema(text));
}
