import { availableParallelism, hostname, release, totalmem } from 'node:os';
import { join } from 'node:path';
import type { InfoResponse } from '../../../api/types/index.ts';
import type { Environment } from '../../../environment.ts';
import { asError } from '../../../errors/porthole-error.ts';
import type { ComputeHost } from '../../../host/ports/compute.ts';
import type { Host } from '../../../host/host.ts';
import { windowsDrivers } from '../../../hns/network-request.ts';
import { createFileExclusive, readTextIfExists } from '../../../state/atomic-file.ts';
import { listContainers } from '../../../state/container-list.ts';
import type { DataPaths } from '../../../state/paths.ts';
import { rfc3339 } from '../../../state/timestamp.ts';
import { compatibility } from './version.ts';

export interface InfoDeps {
  readonly environment: Environment;
  readonly paths: DataPaths;
  readonly host: () => Promise<Pick<Host, 'compute' | 'network'>>;
  readonly countImages: () => Promise<number>;
}

/** `GET /info` in Docker's key order (engine-api.md 7.2). A host that cannot run anything is a warning here, not an error. */
export async function infoDocument(deps: InfoDeps): Promise<InfoResponse> {
  const { environment, paths } = deps;
  const warnings: string[] = [];
  const host = await describe(deps, warnings);
  const compute = host?.compute;
  const { containers, broken } = listContainers(paths, environment.now());
  const running = containers.filter(
    (container) => container.status === 'running' || container.status === 'restarting',
  );
  const paused = containers.filter((container) => container.status === 'paused');
  const damaged = broken.filter((container) => container.reason === 'damaged');
  for (const container of damaged)
    warnings.push(`WARNING: container ${container.id.slice(0, 12)} is damaged: porthole rm -f removes it`);
  if (compute !== undefined && !compute.limits.memory)
    warnings.push(`WARNING: No memory limit support${because(compute)}`);
  if (compute !== undefined && !compute.limits.cpu)
    warnings.push(`WARNING: No cpu limit support${because(compute)}`);
  return {
    ID: engineId(deps),
    Containers: containers.length + damaged.length,
    ContainersRunning: running.length,
    ContainersPaused: paused.length,
    ContainersStopped: containers.length + damaged.length - running.length - paused.length,
    Images: await deps.countImages(),
    Driver: 'windowsfilter',
    DriverStatus: [
      ['Windows', ''],
      ['Backend', compute?.description ?? 'unavailable'],
    ],
    Plugins: {
      Volume: ['local'],
      Network: networkDrivers(host?.network),
      Authorization: null,
      Log: ['json-file', 'none'],
    },
    MemoryLimit: compute?.limits.memory ?? false,
    SwapLimit: false,
    CpuCfsPeriod: false,
    CpuCfsQuota: false,
    CPUShares: compute?.limits.cpu ?? false,
    CPUSet: false,
    PidsLimit: false,
    IPv4Forwarding: true,
    Debug: false,
    NFd: -1,
    OomKillDisable: false,
    NGoroutines: 1,
    SystemTime: rfc3339(environment.now()),
    LoggingDriver: 'json-file',
    CgroupDriver: '',
    NEventsListener: 0,
    KernelVersion: release(),
    OperatingSystem: compute?.description ?? environment.platform,
    OSVersion: compute?.osVersion ?? '',
    OSType: 'windows',
    Architecture: environment.arch === 'x64' ? 'x86_64' : environment.arch,
    IndexServerAddress: 'https://index.docker.io/v1/',
    RegistryConfig: {
      AllowNondistributableArtifactsCIDRs: [],
      AllowNondistributableArtifactsHostnames: [],
      InsecureRegistryCIDRs: ['::1/128', '127.0.0.0/8'],
      IndexConfigs: { 'docker.io': { Name: 'docker.io', Mirrors: [], Secure: true, Official: true } },
      Mirrors: [],
    },
    NCPU: availableParallelism(),
    MemTotal: totalmem(),
    GenericResources: null,
    DockerRootDir: paths.root,
    HttpProxy: proxyOf(environment, 'HTTP_PROXY'),
    HttpsProxy: proxyOf(environment, 'HTTPS_PROXY'),
    NoProxy: proxyOf(environment, 'NO_PROXY'),
    Name: hostname(),
    Labels: [],
    ExperimentalBuild: false,
    ServerVersion: compatibility.dockerVersion,
    Runtimes: {},
    DefaultRuntime: '',
    Swarm: {
      NodeID: '',
      NodeAddr: '',
      LocalNodeState: 'inactive',
      ControlAvailable: false,
      Error: '',
      RemoteManagers: null,
    },
    LiveRestoreEnabled: true,
    Isolation: compute?.sku === 'client' && compute.hypervAvailable ? 'hyperv' : 'process',
    InitBinary: '',
    ContainerdCommit: { ID: '' },
    RuncCommit: { ID: '' },
    InitCommit: { ID: '' },
    SecurityOptions: [],
    CDISpecDirs: [],
    Warnings: warnings.length === 0 ? null : warnings,
  };
}

interface HostDescription {
  readonly compute: ComputeHost;
  readonly network: Host['network'];
}

async function describe(deps: InfoDeps, warnings: string[]): Promise<HostDescription | undefined> {
  try {
    const { compute, network } = await deps.host();
    const described = await compute.host();
    warnings.push(...((await network.warnings?.()) ?? []));
    return { compute: described, network };
  } catch (error) {
    warnings.push(`WARNING: ${asError(error).message}`);
    return undefined;
  }
}

/** Every driver that can be made here, and `null`, which is no network at all. */
function networkDrivers(network: Host['network'] | undefined): string[] {
  if (network === undefined) return ['null'];
  return [...new Set([...(network.networkTypes ?? windowsDrivers), 'null'])].sort();
}

function because(compute: ComputeHost): string {
  return compute.limits.why === undefined ? '' : `: ${compute.limits.why}`;
}

/** Proxy settings without credentials. */
function proxyOf(environment: Environment, name: string): string {
  const value = environment.env[name] ?? environment.env[name.toLowerCase()] ?? '';
  return value.replace(/^([a-z]+:\/\/)[^@/]*@/i, '$1xxxxx:xxxxx@');
}

/** One ID a data root, made when first asked for. */
function engineId(deps: InfoDeps): string {
  const path = join(deps.paths.root, 'engine-id');
  const existing = readTextIfExists(path)?.trim();
  if (existing !== undefined) return existing;
  const hex = deps.environment.newId();
  const id = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  createFileExclusive(path, `${id}\n`);
  return readTextIfExists(path)?.trim() ?? id;
}
