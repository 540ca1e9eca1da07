import type {
  ContainerConfig,
  ContainerCreateRequest,
  HostConfig,
  ImageConfigSection,
} from '../api/types/index.ts';
import { PortholeError } from '../errors/porthole-error.ts';
import { commandLineOf } from './command-line.ts';
import {
  assignedDevices,
  credentialSpec,
  type AssignedDevice,
  type CredentialSpecSource,
} from './devices.ts';
import { decideIsolation, parseIsolation, type Isolation, type IsolationHost } from './isolation.ts';
import { environmentObject, mergeConfig, pathAndArgs } from './merge-config.ts';
import { planMounts, type HostPathStyle, type MountPlan } from './mounts.ts';
import type { ProcessSpec } from './process.ts';
import { resourceLimits, type ResourceLimits } from './resources.ts';
import { validateConfig, validateHostConfig } from './validate-config.ts';

export interface ResolveInput {
  readonly containerId: string;
  readonly request: ContainerCreateRequest;
  readonly image: {
    readonly config: ImageConfigSection | null | undefined;
    readonly os?: string;
    readonly osVersion?: string;
  };
  /** A `ComputeHost` with two facts of the machine. */
  readonly host: IsolationHost & { readonly cpus: number; readonly hostPaths: HostPathStyle };
}

/** A create request with everything decided: what `config.json` keeps and documents are built from. */
export interface ResolvedSpec {
  /** Merged with the image's, as inspect shows it. */
  readonly config: ContainerConfig;
  /** Normalised, as inspect shows it: `Isolation` and `NetworkMode` filled in. */
  readonly hostConfig: HostConfig;
  readonly isolation: Isolation;
  /** Inspect's `Path` and `Args`. */
  readonly path: string;
  readonly args: readonly string[];
  readonly process: ProcessSpec;
  readonly limits: ResourceLimits;
  readonly mounts: readonly MountPlan[];
  readonly devices: readonly AssignedDevice[];
  readonly credentialSpec?: CredentialSpecSource;
  readonly warnings: readonly string[];
}

/**
 * Docker's create request and an image's config -> everything a container is, or the error that Docker on Windows gives
 * (kinds `invalid` and `notImplemented`). Pure; nothing exists yet when it throws.
 */
export function resolveSpec(input: ResolveInput): ResolvedSpec {
  const { request, image, host } = input;
  if (image.os !== undefined && image.os !== '' && image.os !== 'windows') {
    throw new PortholeError(
      'invalid',
      'IMAGE_OS_UNSUPPORTED',
      'linux containers are not supported on this platform',
      {
        hint: `the image is for ${image.os}; use an engine for it, for example porthole -H or docker context`,
      },
    );
  }
  const config = withHostname(mergeConfig(request, image.config), input.containerId);
  validateConfig(config);
  const normalised = normaliseHostConfig(request.HostConfig);
  validateSharedNetwork(request, normalised);
  const wish = parseIsolation(normalised.Isolation);
  if (normalised.NetworkMode.startsWith('container:') && wish === 'hyperv') throw sharedWithHyperv();
  const { isolation, warnings: isolationWarnings } = decideIsolation(
    normalised.Isolation,
    host,
    image.osVersion,
  );
  if (normalised.NetworkMode.startsWith('container:') && isolation === 'hyperv') throw sharedWithHyperv();
  const checked = validateHostConfig(normalised, isolation, host);
  const hostConfig: HostConfig = { ...checked.hostConfig, Isolation: isolation };
  const credentials = credentialSpec(hostConfig.SecurityOpt);
  refuseOnEmbeddedBackend(host, hostConfig, credentials);
  const devices = assignedDevices(hostConfig.Devices, isolation);
  const { path, args } = pathAndArgs(config);
  const warnings = [
    ...isolationWarnings,
    ...checked.warnings,
    ...namesWithoutEffect(host, config, hostConfig),
  ];
  if (hostConfig.CpuCount > host.cpus) {
    warnings.push(
      `Changing requested CPUCount of ${hostConfig.CpuCount} to current number of processors, ${host.cpus}`,
    );
  }
  return {
    config,
    hostConfig,
    isolation,
    path,
    args,
    process: {
      commandLine: commandLineOf(path, args, config.ArgsEscaped === true),
      user: config.User,
      workingDirectory: config.WorkingDir,
      environment: environmentObject(config.Env ?? []),
      tty: config.Tty,
      consoleSize: hostConfig.ConsoleSize,
    },
    limits: resourceLimits(hostConfig, isolation, host.cpus),
    mounts: planMounts(hostConfig, config.Volumes, host.hostPaths),
    devices,
    ...(credentials === undefined ? {} : { credentialSpec: credentials }),
    warnings,
  };
}

/** HCS has no domain, and neither a hosts file nor a resolver of ours is in a container of a Windows host. */
function namesWithoutEffect(
  { backend }: Pick<IsolationHost, 'backend'>,
  config: ContainerConfig,
  hostConfig: HostConfig,
): string[] {
  const options: [flag: string, isSet: boolean][] = [
    ['--domainname', config.Domainname !== ''],
    ['--add-host', backend === 'hcs' && (hostConfig.ExtraHosts ?? []).length > 0],
  ];
  return options.filter(([, isSet]) => isSet).map(([flag]) => `${flag} has no effect on Windows containers`);
}

/** What Docker's daemon does to a HostConfig on arrival (engine-api.md 4.1). */
export function normaliseHostConfig(hostConfig: HostConfig): HostConfig {
  const mode = hostConfig.NetworkMode;
  return {
    ...hostConfig,
    LogConfig: {
      Type: hostConfig.LogConfig.Type === '' ? 'json-file' : hostConfig.LogConfig.Type,
      Config: hostConfig.LogConfig.Config ?? {},
    },
    NetworkMode: mode === '' || mode === 'default' ? 'nat' : mode,
    RestartPolicy: {
      Name: hostConfig.RestartPolicy.Name === '' ? 'no' : hostConfig.RestartPolicy.Name,
      MaximumRetryCount: hostConfig.RestartPolicy.MaximumRetryCount,
    },
    MemorySwappiness: hostConfig.MemorySwappiness === -1 ? null : hostConfig.MemorySwappiness,
    PidsLimit: (hostConfig.PidsLimit ?? 0) <= 0 ? null : hostConfig.PidsLimit,
    Ulimits: hostConfig.Ulimits ?? null,
  };
}

function withHostname(config: ContainerConfig, containerId: string): ContainerConfig {
  return config.Hostname === '' ? { ...config, Hostname: containerId.slice(0, 12) } : config;
}

/** `--network container:X` excludes everything that belongs to X's network (networking.md 5.6). */
function validateSharedNetwork(request: ContainerCreateRequest, hostConfig: HostConfig): void {
  const mode = hostConfig.NetworkMode;
  if (mode !== 'container' && !mode.startsWith('container:')) return;
  const conflict = (what: string): PortholeError =>
    new PortholeError('invalid', 'NETWORK_MODE_CONFLICT', `conflicting options: ${what}`);
  if ((mode.split(':')[1] ?? '') === '') {
    throw new PortholeError(
      'invalid',
      'NETWORK_MODE_INVALID',
      'invalid network mode: invalid container format container:<name|id>',
    );
  }
  if (request.Hostname !== '') throw conflict('hostname and the network mode');
  if ((hostConfig.Links ?? []).length > 0) {
    throw conflict(
      "container type network can't be used with links. This would result in undefined behavior",
    );
  }
  if ((hostConfig.Dns ?? []).length > 0) throw conflict('dns and the network mode');
  if ((hostConfig.ExtraHosts ?? []).length > 0)
    throw conflict('custom host-to-IP mapping and the network mode');
  if ((request.MacAddress ?? '') !== '') throw conflict('mac-address and the network mode');
  if (Object.keys(hostConfig.PortBindings ?? {}).length > 0 || hostConfig.PublishAllPorts)
    throw conflict('port publishing and the container type network mode');
  if (Object.keys(request.ExposedPorts ?? {}).length > 0)
    throw conflict('port exposing and the container type network mode');
}

function sharedWithHyperv(): PortholeError {
  return new PortholeError(
    'invalid',
    'NETWORK_MODE_INVALID',
    'invalid network-mode: using the network stack of another container is not supported while using Hyper-V Containers',
    { hint: 'use --isolation=process' },
  );
}

function refuseOnEmbeddedBackend(
  host: IsolationHost,
  hostConfig: HostConfig,
  credentials: CredentialSpecSource | undefined,
): void {
  if (host.backend !== 'wine') return;
  if (credentials !== undefined) {
    throw new PortholeError(
      'invalid',
      'CREDENTIAL_SPEC_UNSUPPORTED',
      'security option not supported: credentialspec',
      { hint: 'group managed service accounts need a Windows host that is joined to a domain' },
    );
  }
  const device = hostConfig.Devices?.[0];
  if (device !== undefined) {
    throw new PortholeError(
      'invalid',
      'DEVICE_UNSUPPORTED',
      `device assignment is not supported on this platform: '${device.PathOnHost}'`,
      { hint: 'device assignment needs a Windows host with process isolation' },
    );
  }
}
