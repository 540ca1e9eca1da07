/** HCS document types, exactly as HCS spells them (hcs.md 3). Builders live beside this file; nothing here does I/O. */

export interface LayerReference {
  Id: string;
  Path: string;
}

export interface MappedDirectory {
  HostPath: string;
  ContainerPath: string;
  ReadOnly?: boolean;
}

export interface MappedPipe {
  HostPath: string;
  ContainerPipeName: string;
}

export interface RegistryValue {
  Key: { Hive: 'System' | 'Software' | 'Security' | 'Sam'; Name: string };
  Name: string;
  Type: 'None' | 'String' | 'ExpandedString' | 'MultiString' | 'Binary' | 'DWord' | 'QWord' | 'CustomType';
  StringValue?: string;
  BinaryValue?: string;
  DWordValue?: number;
  QWordValue?: number;
}

/** As asked for: the spec and the transport. The rest is what HCS answers for the instance that it adds (hcs.md 6.5). */
export interface CredentialGuard {
  Cookie?: string;
  RpcEndpoint?: string;
  Transport: 'LRPC' | 'HvSocket';
  CredentialSpec: string;
}

/** Schema v2, process isolation ("Argon", hcs.md 3.2). */
export interface ContainerV2Document {
  Owner: string;
  SchemaVersion: { Major: 2; Minor: number };
  ShouldTerminateOnLastHandleClosed?: boolean;
  Container: {
    GuestOs?: { HostName: string };
    Storage: {
      Layers: LayerReference[];
      Path: string;
      QoS?: { IopsMaximum?: number; BandwidthMaximum?: number };
    };
    MappedDirectories?: MappedDirectory[];
    MappedPipes?: MappedPipe[];
    Memory?: { SizeInMB: number };
    Processor?: { Count?: number; Maximum?: number; Weight?: number };
    Networking?: {
      AllowUnqualifiedDnsQuery?: boolean;
      DnsSearchList?: string;
      Namespace?: string;
      NetworkSharedContainerName?: string;
    };
    RegistryChanges?: { AddValues?: RegistryValue[] };
    AssignedDevices?: { InterfaceClassGuid: string }[];
    ContainerCredentialGuard?: CredentialGuard;
  };
}

/** Schema v1 (hcs.md 3.1): Hyper-V isolation, and builds without computecore. */
export interface ContainerV1Document {
  SystemType: 'Container';
  Name: string;
  Owner: string;
  VolumePath?: string;
  IgnoreFlushesDuringBoot?: boolean;
  LayerFolderPath?: string;
  Layers: { ID: string; Path: string }[];
  HostName?: string;
  ProcessorCount?: number;
  ProcessorWeight?: number;
  ProcessorMaximum?: number;
  MemoryMaximumInMB?: number;
  StorageIOPSMaximum?: number;
  StorageBandwidthMaximum?: number;
  StorageSandboxSize?: number;
  MappedDirectories?: {
    HostPath: string;
    ContainerPath: string;
    ReadOnly: boolean;
    BandwidthMaximum: number;
    IOPSMaximum: number;
    CreateInUtilityVM: boolean;
  }[];
  MappedPipes?: MappedPipe[];
  HvPartition: boolean;
  HvRuntime?: { ImagePath: string };
  EndpointList?: string[];
  NetworkSharedContainerName?: string;
  AllowUnqualifiedDNSQuery?: boolean;
  DNSSearchList?: string;
  AssignedDevices?: { InterfaceClassGuid: string }[];
  Credentials?: string;
  TerminateOnLastHandleClosed?: boolean;
}

export type ComputeSystemDocument = ContainerV1Document | ContainerV2Document;

/** Process parameters, the same for both schemas (hcs.md 3.4). */
export interface ProcessParameters {
  CommandLine: string;
  User?: string;
  WorkingDirectory?: string;
  Environment?: Record<string, string>;
  EmulateConsole?: boolean;
  /** Height first. */
  ConsoleSize?: [height: number, width: number];
  CreateStdInPipe?: boolean;
  CreateStdOutPipe?: boolean;
  CreateStdErrPipe?: boolean;
}
