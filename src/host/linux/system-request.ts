/**
 * What a compute system document asks of this host, whichever schema it has (hcs.md 3.1, 3.2, 9). What Linux cannot give is
 * refused here, with HCS's code, Docker's words and a hint. Pure.
 */
import type {
  ComputeSystemDocument,
  ContainerV1Document,
  ContainerV2Document,
  MappedPipe,
  RegistryValue,
} from '../../hcs/documents.ts';
import { HcsError } from '../../hcs/hcs-error.ts';
import { HRESULT } from '../../hcs/hresult.ts';

export interface MappedFolder {
  readonly hostPath: string;
  /** `C:\work`. */
  readonly containerPath: string;
  readonly readOnly: boolean;
}

export interface SystemRequest {
  readonly owner: string;
  readonly hostname: string | undefined;
  /** Scratch folder. */
  readonly scratch: string;
  /** Layer folders, topmost first. */
  readonly layers: readonly string[];
  readonly folders: readonly MappedFolder[];
  readonly memoryMB: number | undefined;
  readonly processors: { readonly count?: number; readonly maximum?: number; readonly weight?: number };
  readonly namespaceId: string | undefined;
  readonly dnsSearch: readonly string[];
  readonly registry: readonly RegistryValue[];
}

/** `op` of the thrown errors is `create`'s. */
export function systemRequest(id: string, document: ComputeSystemDocument): SystemRequest {
  if ('SystemType' in document) return fromV1(id, document);
  if ('SchemaVersion' in document && 'Container' in document) return fromV2(id, document);
  throw refuse(id, HRESULT.invalidJson, 'neither a version 1 nor a version 2 container document');
}

function fromV2(id: string, document: ContainerV2Document): SystemRequest {
  const container = document.Container;
  const { Storage, Processor, Networking } = container;
  if (Storage?.Path === undefined || !Array.isArray(Storage.Layers))
    throw refuse(id, HRESULT.invalidJson, 'Container.Storage has no Path or Layers');
  refuseDevices(id, container.AssignedDevices);
  refusePipes(id, container.MappedPipes);
  refuseQos(id, Storage.QoS?.IopsMaximum, Storage.QoS?.BandwidthMaximum);
  if (container.ContainerCredentialGuard !== undefined) throw refuseCredentials(id);
  const limits = [Processor?.Count, Processor?.Maximum, Processor?.Weight].filter(
    (limit) => limit !== undefined,
  );
  if (limits.length > 1)
    throw refuse(id, HRESULT.invalidJson, 'Processor Count, Maximum and Weight are mutually exclusive');
  return {
    owner: document.Owner,
    hostname: container.GuestOs?.HostName,
    scratch: Storage.Path,
    layers: Storage.Layers.map((layer) => layer.Path),
    folders: (container.MappedDirectories ?? []).map((folder) => ({
      hostPath: folder.HostPath,
      containerPath: folder.ContainerPath,
      readOnly: folder.ReadOnly === true,
    })),
    memoryMB: positive(container.Memory?.SizeInMB),
    processors: processors(Processor?.Count, Processor?.Maximum, Processor?.Weight),
    namespaceId: Networking?.Namespace,
    dnsSearch: list(Networking?.DnsSearchList),
    registry: container.RegistryChanges?.AddValues ?? [],
  };
}

function fromV1(id: string, document: ContainerV1Document): SystemRequest {
  if (document.HvPartition)
    throw refuse(id, HRESULT.hypervNotInstalled, 'Hyper-V isolation is not supported on Linux', {
      hint: 'leave --isolation out: containers here are isolated by Linux namespaces',
    });
  refuseDevices(id, document.AssignedDevices);
  refusePipes(id, document.MappedPipes);
  refuseQos(id, document.StorageIOPSMaximum, document.StorageBandwidthMaximum);
  if (document.Credentials !== undefined && document.Credentials !== '') throw refuseCredentials(id);
  const scratch = document.LayerFolderPath ?? document.VolumePath;
  if (scratch === undefined || !Array.isArray(document.Layers))
    throw refuse(id, HRESULT.invalidJson, 'the document has no LayerFolderPath or Layers');
  return {
    owner: document.Owner,
    hostname: document.HostName,
    scratch,
    layers: document.Layers.map((layer) => layer.Path),
    folders: (document.MappedDirectories ?? []).map((folder) => ({
      hostPath: folder.HostPath,
      containerPath: folder.ContainerPath,
      readOnly: folder.ReadOnly,
    })),
    memoryMB: positive(document.MemoryMaximumInMB),
    processors: processors(document.ProcessorCount, document.ProcessorMaximum, document.ProcessorWeight),
    namespaceId: undefined,
    dnsSearch: list(document.DNSSearchList),
    registry: [],
  };
}

/** HCS takes lists as text with commas. */
function list(text: string | undefined): readonly string[] {
  return (text ?? '').split(',').filter(Boolean);
}

function processors(count?: number, maximum?: number, weight?: number): SystemRequest['processors'] {
  return {
    ...(positive(count) === undefined ? {} : { count: count! }),
    ...(positive(maximum) === undefined ? {} : { maximum: maximum! }),
    ...(positive(weight) === undefined ? {} : { weight: weight! }),
  };
}

function positive(value: number | undefined): number | undefined {
  return value === undefined || value <= 0 ? undefined : value;
}

function refuseDevices(id: string, devices: readonly unknown[] | undefined): void {
  if (devices === undefined || devices.length === 0) return;
  throw refuse(id, HRESULT.notSupported, 'device assignment is not supported on Linux', {
    hint: 'leave --device out: Wine cannot drive host devices',
  });
}

function refusePipes(id: string, pipes: readonly MappedPipe[] | undefined): void {
  const pipe = pipes?.[0];
  if (pipe === undefined) return;
  throw refuse(
    id,
    HRESULT.notSupported,
    `named pipe ${pipe.HostPath} cannot be mapped: Linux hosts have no named pipes`,
    {
      hint: 'mount a folder, or reach the service over a network',
    },
  );
}

function refuseQos(id: string, iops: number | undefined, bandwidth: number | undefined): void {
  if (positive(iops) === undefined && positive(bandwidth) === undefined) return;
  throw refuse(id, HRESULT.notSupported, 'storage limits are not supported on Linux', {
    hint: 'leave --io-maxiops and --io-maxbandwidth out',
  });
}

function refuseCredentials(id: string): HcsError {
  return refuse(id, HRESULT.notSupported, 'security option not supported: credentialspec', {
    hint: 'group managed service accounts need a Windows host',
  });
}

function refuse(id: string, hresult: number, text: string, details: { hint?: string } = {}): HcsError {
  return new HcsError('System::Create', hresult, { systemId: id, events: [text], ...details });
}
