import { PortholeError } from '../errors/porthole-error.ts';
import type { ContainerSpec } from './container-spec.ts';
import type { ContainerV1Document } from './documents.ts';
import type { Isolation } from './isolation.ts';

/**
 * The schema 1 document (hcs.md 3.1): Hyper-V isolation, and process isolation on builds without computecore. `VolumePath`
 * has no trailing backslash and is absent for Hyper-V, whose scratch must not be mounted on the host.
 *
 * Errors: kind `invalid`, moby's texts: no utility VM in the image, devices with Hyper-V isolation.
 */
export function containerV1(spec: ContainerSpec, isolation: Isolation): ContainerV1Document {
  const hyperv = isolation === 'hyperv';
  const { limits, network, storage } = spec;
  if (storage.layers.length === 0) {
    throw refuse(
      'OCI spec is invalid - at least two LayerFolders must be supplied to the runtime',
      'the image has no layers',
    );
  }
  if (hyperv && storage.utilityVmPath === undefined) {
    throw refuse(
      'utility VM image could not be found',
      'build the image on nanoserver or servercore, whose base layer has a UtilityVM folder',
    );
  }
  if (hyperv && spec.devices.length > 0)
    throw refuse('device assignment is not supported for HyperV containers');
  return {
    SystemType: 'Container',
    Name: spec.id,
    Owner: spec.owner,
    ...(hyperv ? {} : { VolumePath: storage.volumePath.replace(/\\$/, '') }),
    ...(spec.firstStart ? { IgnoreFlushesDuringBoot: true } : {}),
    LayerFolderPath: storage.folder,
    Layers: storage.layers.map((layer) => ({ ID: layer.Id, Path: layer.Path })),
    ...(spec.hostName === '' ? {} : { HostName: spec.hostName }),
    ...(limits.processorCount === undefined ? {} : { ProcessorCount: limits.processorCount }),
    ...(limits.processorWeight === undefined ? {} : { ProcessorWeight: limits.processorWeight }),
    ...(limits.processorMaximum === undefined ? {} : { ProcessorMaximum: limits.processorMaximum }),
    ...(limits.memoryMb === undefined ? {} : { MemoryMaximumInMB: limits.memoryMb }),
    ...(limits.iopsMaximum === undefined ? {} : { StorageIOPSMaximum: limits.iopsMaximum }),
    ...(limits.bandwidthMaximum === undefined ? {} : { StorageBandwidthMaximum: limits.bandwidthMaximum }),
    ...(spec.directories.length > 0
      ? {
          MappedDirectories: spec.directories.map((directory) => ({
            HostPath: directory.HostPath,
            ContainerPath: directory.ContainerPath,
            ReadOnly: directory.ReadOnly === true,
            BandwidthMaximum: 0,
            IOPSMaximum: 0,
            // The container's, not its utility VM's own.
            CreateInUtilityVM: false,
          })),
        }
      : {}),
    ...(spec.pipes.length > 0 ? { MappedPipes: [...spec.pipes] } : {}),
    HvPartition: hyperv,
    ...(hyperv ? { HvRuntime: { ImagePath: storage.utilityVmPath! } } : {}),
    ...(network.endpointIds.length > 0 ? { EndpointList: [...network.endpointIds] } : {}),
    ...(network.sharedWith === undefined ? {} : { NetworkSharedContainerName: network.sharedWith }),
    ...(network.allowUnqualifiedDns ? { AllowUnqualifiedDNSQuery: true } : {}),
    ...(network.dnsSearch.length > 0 ? { DNSSearchList: network.dnsSearch.join(',') } : {}),
    ...(spec.devices.length > 0 ? { AssignedDevices: spec.devices.map((device) => ({ ...device })) } : {}),
    ...(spec.credentials === undefined ? {} : { Credentials: spec.credentials }),
  };
}

function refuse(message: string, hint?: string): PortholeError {
  return new PortholeError('invalid', 'DOCUMENT_INVALID', message, hint === undefined ? {} : { hint });
}
