/**
 * `run` and `create` arguments -> `POST /containers/create` body, in Docker's field order (`container/opts.go`;
 * docker-cli.md 1.3, engine-api.md 4.1). Checks happen in Docker's order, so that the first error is the same one.
 */
import type { ContainerConfig, ContainerCreateRequest, HostConfig } from '../../api/types/index.ts';
import { ramInBytes } from '../../text/size.ts';
import { parseUint } from '../../text/strconv.ts';
import { CliError } from '../cli-error.ts';
import type { FlagValues, ParsedFlags } from '../flag.ts';
import { deviceAmounts } from './checks.ts';
import type { Client } from './client.ts';
import type { containerFlags } from './container-flags.ts';
import { parseDevices } from './devices.ts';
import { isMacAddress, parseNetworks } from './endpoint.ts';
import { cut, readEnv, readLabels, sortedRecord, uniqueEnv, withClientValues } from './key-values.ts';
import { parseMount } from './mount.ts';
import {
  checkModes,
  parseCapabilities,
  parseHealth,
  parseLogging,
  parseRestartPolicy,
  parseSecurityOptions,
  parseStorageOptions,
  parseUlimits,
} from './options.ts';
import { parsePorts } from './publish.ts';
import { parseVolumes } from './volume.ts';

type Flags = FlagValues<typeof containerFlags>;

export interface CreateInput {
  readonly flags: Flags;
  readonly changed: ParsedFlags<typeof containerFlags>['changed'];
  readonly image: string;
  readonly command: readonly string[];
  /** Variables of the client configuration's `proxies`, added where `-e` does not set them. */
  readonly proxies?: readonly string[];
}

const orNull = (list: readonly string[]) => (list.length > 0 ? [...list] : null);

/** Builds the request; rejects with a CliError in Docker's words. */
export async function toCreateRequest(input: CreateInput, client: Client): Promise<ContainerCreateRequest> {
  const { flags, changed } = input;
  const mac = flags['mac-address'];
  if (mac !== '' && !isMacAddress(mac.trim())) throw new CliError(`${mac} is not a valid mac address`);
  const swappiness = flags['memory-swappiness'];
  if (swappiness !== -1 && (swappiness < 0 || swappiness > 100))
    throw new CliError(`invalid value: ${swappiness}. Valid memory swappiness range is 0-100`);

  const volumes = parseVolumes(flags.volume, client);
  const ports = parsePorts(flags.publish, flags.expose);
  const devices = parseDevices(flags.device, flags.gpus);
  const overrides = uniqueEnv(withClientValues([...flags.env, ...missingProxies(input)], client));
  const env = await readEnv(flags['env-file'], overrides, client);
  const labels = await readLabels(flags['label-file'], flags.label, client);
  checkModes({ pid: flags.pid, uts: flags.uts, userns: flags.userns, cgroupns: flags.cgroupns });
  const restart = parseRestartPolicy(flags.restart);
  const logging = parseLogging(flags['log-driver'], flags['log-opt']);
  const security = await parseSecurityOptions(flags['security-opt'], client);
  const storage = parseStorageOptions(flags['storage-opt']);
  const health = parseHealth({
    disabled: flags['no-healthcheck'],
    command: flags['health-cmd'],
    interval: flags['health-interval'],
    timeout: flags['health-timeout'],
    retries: flags['health-retries'],
    startPeriod: flags['health-start-period'],
    startInterval: flags['health-start-interval'],
  });
  if (flags.rm && restart.Name !== '' && restart.Name !== 'no')
    throw new CliError('conflicting options: cannot specify both --restart and --rm');
  const networks = parseNetworks(
    flags.network,
    {
      aliases: flags['network-alias'],
      links: flags.link,
      ipv4: flags.ip,
      ipv6: flags.ip6,
      mac,
      linkLocalIps: flags['link-local-ip'],
    },
    client.platform,
  );

  const config = toConfig(input, { env, labels, volumes: volumes.anonymous, exposed: ports.exposed, health });
  const capabilities = parseCapabilities(flags['cap-add'], flags['cap-drop']);
  const hostConfig: HostConfig = {
    Binds: orNull(volumes.binds),
    ContainerIDFile: flags.cidfile,
    LogConfig: logging,
    NetworkMode: networks.mode,
    PortBindings: ports.bindings,
    RestartPolicy: restart,
    AutoRemove: flags.rm,
    VolumeDriver: flags['volume-driver'],
    VolumesFrom: orNull(flags['volumes-from']),
    ConsoleSize: [0, 0],
    ...(Object.keys(flags.annotation).length > 0 && {
      Annotations: sortedRecord(Object.entries(flags.annotation)),
    }),
    CapAdd: capabilities.add,
    CapDrop: capabilities.drop,
    CgroupnsMode: flags.cgroupns,
    Dns: flags.dns,
    DnsOptions: flags['dns-option'],
    DnsSearch: flags['dns-search'],
    ExtraHosts: orNull(flags['add-host']),
    GroupAdd: orNull(flags['group-add']),
    IpcMode: flags.ipc,
    Cgroup: '',
    Links: orNull(flags.link),
    OomScoreAdj: flags['oom-score-adj'],
    PidMode: flags.pid,
    Privileged: flags.privileged,
    PublishAllPorts: flags['publish-all'],
    ReadonlyRootfs: flags['read-only'],
    SecurityOpt: security.options,
    ...(flags['storage-opt'].length > 0 && { StorageOpt: storage }),
    ...(flags.tmpfs.length > 0 && { Tmpfs: tmpfsMap(flags.tmpfs) }),
    UTSMode: flags.uts,
    UsernsMode: flags.userns,
    ShmSize: flags['shm-size'],
    ...(Object.keys(flags.sysctl).length > 0 && { Sysctls: sortedRecord(Object.entries(flags.sysctl)) }),
    ...(flags.runtime !== '' && { Runtime: flags.runtime }),
    Isolation: flags.isolation,
    ...toResources(flags, devices),
    ...(flags.mount.length > 0 && { Mounts: flags.mount.map((mount) => parseMount(mount, client)) }),
    MaskedPaths: security.maskedPaths,
    ReadonlyPaths: security.readonlyPaths,
    ...(changed.has('init') && { Init: flags.init }),
  };
  return { ...config, HostConfig: hostConfig, NetworkingConfig: { EndpointsConfig: networks.endpoints } };
}

/** Proxy variables whose name `-e` does not mention. */
function missingProxies(input: CreateInput): string[] {
  const given = new Set(input.flags.env.map((pair) => cut(pair, '=')[0]));
  return (input.proxies ?? []).filter((pair) => !given.has(cut(pair, '=')[0]));
}

function tmpfsMap(values: readonly string[]): Record<string, string> {
  return sortedRecord(
    values.map((value) => {
      const [path, options] = cut(value, ':');
      return [path, options] as const;
    }),
  );
}

interface ConfigParts {
  readonly env: string[];
  readonly labels: Record<string, string>;
  readonly volumes: readonly string[];
  readonly exposed: Record<string, Record<string, never>>;
  readonly health: ContainerConfig['Healthcheck'] | undefined;
}

function toConfig({ flags, changed, image, command }: CreateInput, parts: ConfigParts): ContainerConfig {
  const streams = flags.attach;
  const attachStdin = streams.includes('stdin') || flags.interactive;
  const byDefault = streams.length === 0 && !detached(flags);
  return {
    Hostname: flags.hostname,
    Domainname: flags.domainname,
    User: flags.user,
    AttachStdin: attachStdin && !detached(flags),
    AttachStdout: byDefault || streams.includes('stdout'),
    AttachStderr: byDefault || streams.includes('stderr'),
    ...(Object.keys(parts.exposed).length > 0 && { ExposedPorts: parts.exposed }),
    Tty: flags.tty,
    OpenStdin: flags.interactive,
    StdinOnce: flags.interactive && attachStdin && !detached(flags),
    Env: parts.env.length > 0 ? parts.env : null,
    Cmd: orNull(command),
    ...(parts.health && { Healthcheck: parts.health }),
    Image: image,
    Volumes: sortedRecord(parts.volumes.map((target) => [target, {}] as const)),
    WorkingDir: flags.workdir,
    Entrypoint: changed.has('entrypoint') ? [flags.entrypoint] : null,
    OnBuild: null,
    Labels: parts.labels,
    ...(flags['stop-signal'] !== '' && { StopSignal: flags['stop-signal'] }),
    ...(changed.has('stop-timeout') && { StopTimeout: flags['stop-timeout'] }),
  };
}

/** `run -d` attaches nothing; `create` has no such flag. */
function detached(flags: Flags): boolean {
  return 'detach' in flags && flags.detach === true;
}

/** The limits: Docker's `container.Resources`, in its order. */
function toResources(flags: Flags, devices: ReturnType<typeof parseDevices>) {
  const bps = (values: readonly string[]) => deviceAmounts(values, 'Rate', ramInBytes);
  const iops = (values: readonly string[]) =>
    deviceAmounts(values, 'Rate', (text) => parseUint(text, 64, 10));
  return {
    CpuShares: flags['cpu-shares'],
    Memory: flags.memory,
    NanoCpus: flags.cpus,
    CgroupParent: flags['cgroup-parent'],
    BlkioWeight: flags['blkio-weight'],
    BlkioWeightDevice: deviceAmounts(flags['blkio-weight-device'], 'Weight', (text) =>
      parseUint(text, 16, 10),
    ),
    BlkioDeviceReadBps: bps(flags['device-read-bps']),
    BlkioDeviceWriteBps: bps(flags['device-write-bps']),
    BlkioDeviceReadIOps: iops(flags['device-read-iops']),
    BlkioDeviceWriteIOps: iops(flags['device-write-iops']),
    CpuPeriod: flags['cpu-period'],
    CpuQuota: flags['cpu-quota'],
    CpuRealtimePeriod: flags['cpu-rt-period'],
    CpuRealtimeRuntime: flags['cpu-rt-runtime'],
    CpusetCpus: flags['cpuset-cpus'],
    CpusetMems: flags['cpuset-mems'],
    Devices: devices.mappings,
    DeviceCgroupRules: orNull(flags['device-cgroup-rule']),
    DeviceRequests: devices.requests,
    MemoryReservation: flags['memory-reservation'],
    MemorySwap: flags['memory-swap'],
    MemorySwappiness: flags['memory-swappiness'],
    OomKillDisable: flags['oom-kill-disable'],
    PidsLimit: flags['pids-limit'],
    Ulimits: parseUlimits(flags.ulimit),
    CpuCount: flags['cpu-count'],
    CpuPercent: flags['cpu-percent'],
    IOMaximumIOps: flags['io-maxiops'],
    IOMaximumBandwidth: flags['io-maxbandwidth'],
  };
}

/** `--use-api-socket` shares the daemon's socket with the container, and there is no daemon. Docker's text for other endpoints. */
export function refuseApiSocket(): never {
  throw new CliError(
    'flag --use-api-socket can only be used with unix sockets: docker endpoint local incompatible',
    { kind: 'notImplemented', hint: 'Porthole has no daemon whose socket a container could use' },
  );
}
