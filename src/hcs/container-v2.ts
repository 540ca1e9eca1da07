import type { ContainerSpec } from './container-spec.ts';
import type { ContainerV2Document } from './documents.ts';

/**
 * The schema 2.1 document of a process-isolated container (hcs.md 3.2). `Storage.Path` keeps its trailing backslash.
 * The registry value keeps servercore from killing processes five seconds after a shutdown request. Of a
 * credential spec the document tells what is asked for: the adapter adds the instance and puts in what HCS answers.
 */
export function containerV2(spec: ContainerSpec): ContainerV2Document {
  const { limits, network, storage } = spec;
  const qos = {
    ...(limits.iopsMaximum === undefined ? {} : { IopsMaximum: limits.iopsMaximum }),
    ...(limits.bandwidthMaximum === undefined ? {} : { BandwidthMaximum: limits.bandwidthMaximum }),
  };
  const processor = oneProcessorLimit(spec);
  const hasNetwork = network.namespaceId !== undefined;
  return {
    Owner: spec.owner,
    SchemaVersion: { Major: 2, Minor: 1 },
    ShouldTerminateOnLastHandleClosed: false,
    Container: {
      ...(spec.hostName === '' ? {} : { GuestOs: { HostName: spec.hostName } }),
      Storage: {
        Layers: storage.layers.map(({ Id, Path }) => ({ Id, Path })),
        Path: storage.volumePath,
        ...(Object.keys(qos).length > 0 ? { QoS: qos } : {}),
      },
      ...(spec.directories.length > 0 ? { MappedDirectories: [...spec.directories] } : {}),
      ...(spec.pipes.length > 0 ? { MappedPipes: [...spec.pipes] } : {}),
      ...(limits.memoryMb === undefined ? {} : { Memory: { SizeInMB: limits.memoryMb } }),
      ...(processor === undefined ? {} : { Processor: processor }),
      ...(hasNetwork
        ? {
            Networking: {
              ...(network.allowUnqualifiedDns ? { AllowUnqualifiedDnsQuery: true } : {}),
              ...(network.dnsSearch.length > 0 ? { DnsSearchList: network.dnsSearch.join(',') } : {}),
              Namespace: network.namespaceId,
            },
          }
        : {}),
      RegistryChanges: {
        AddValues: [
          {
            Key: { Hive: 'System', Name: 'ControlSet001\\Control' },
            Name: 'WaitToKillServiceTimeout',
            Type: 'String',
            StringValue: '2147483647',
          },
        ],
      },
      ...(spec.devices.length > 0 ? { AssignedDevices: spec.devices.map((device) => ({ ...device })) } : {}),
      ...(spec.credentials === undefined
        ? {}
        : { ContainerCredentialGuard: { CredentialSpec: spec.credentials, Transport: 'LRPC' as const } }),
    },
  };
}

/** HCS takes one of the three (hcs.md 3.2); validation leaves one, this order decides for callers that did not validate. */
function oneProcessorLimit({ limits }: ContainerSpec): ContainerV2Document['Container']['Processor'] {
  if (limits.processorCount !== undefined) return { Count: limits.processorCount };
  if (limits.processorMaximum !== undefined) return { Maximum: limits.processorMaximum };
  if (limits.processorWeight !== undefined) return { Weight: limits.processorWeight };
  return undefined;
}
