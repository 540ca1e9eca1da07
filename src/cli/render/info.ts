/** `docker info` as text (`system/info.go`; docker-cli.md 2.6). */
import { bytesSize } from '../../text/size.ts';
import type { InfoResponse } from '../../api/types/index.ts';

export interface ClientInfo {
  Debug: boolean;
  Version?: string;
  Context: string;
  Platform?: { Name: string };
  Plugins: unknown[];
  Warnings: string[] | null;
}

/** `/info` with what the client adds; `--format` sees the same document. */
export interface InfoDocument extends Partial<InfoResponse> {
  ServerErrors?: string[];
  ClientInfo?: ClientInfo;
  ClientErrors?: string[];
}

export interface InfoText {
  readonly stdout: string;
  readonly stderr: string;
  /** True when some part could not be shown: exit code 1. */
  readonly failed: boolean;
}

type Plain = string | number | boolean | undefined;

const field = (label: string, value: unknown) => `${label} ${String((value as Plain) ?? '')}`;
/** A line only where there is a value. */
const optional = (label: string, value: unknown) =>
  value === undefined || value === '' ? [] : [field(label, value)];
const words = (list: unknown) => ((list as string[] | null | undefined) ?? []).join(' ');
const list = <T>(value: unknown) => (value as T[] | null | undefined) ?? [];

function clientLines({ ClientInfo: client }: InfoDocument): string[] {
  const platform = client?.Platform?.Name ?? '';
  const title = platform === '' ? 'Client:' : `Client: ${platform}`;
  if (!client) return [title];
  return [
    title,
    ...optional(' Version:   ', client.Version),
    field(' Context:   ', client.Context),
    field(' Debug Mode:', client.Debug),
  ];
}

/** `name=seccomp,profile=default` -> name and profile; throws Docker's words for what is no option. */
function securityOption(text: string): string[] {
  if (!text.includes('=')) return [`  ${text}`];
  const pairs = text.split(',').map((pair) => {
    const equals = pair.indexOf('=');
    if (equals < 0) throw new Error(`invalid security option "${pair}"`);
    const [key, value] = [pair.slice(0, equals), pair.slice(equals + 1)];
    if (key === '' || value === '') throw new Error('invalid empty security option');
    return [key, value] as const;
  });
  return pairs.flatMap(([key, value]) =>
    key === 'name' ? [`  ${value}`] : key === 'profile' ? [`   Profile: ${value}`] : [],
  );
}

function linuxLines(info: InfoDocument, errors: string[]): string[] {
  const commit = (value: unknown) => (value as { ID?: string } | undefined)?.ID ?? '';
  const lines = [
    field(' Init Binary:', info['InitBinary']),
    field(' containerd version:', commit(info['ContainerdCommit'])),
    field(' runc version:', commit(info['RuncCommit'])),
    field(' init version:', commit(info['InitCommit'])),
  ];
  const options = list<string>(info.SecurityOptions);
  if (options.length === 0) return lines;
  try {
    return [...lines, ' Security Options:', ...options.flatMap(securityOption)];
  } catch (error) {
    errors.push((error as Error).message);
    return lines;
  }
}

function registryLines(info: InfoDocument): string[] {
  const config = info['RegistryConfig'] as
    | {
        IndexConfigs?: Record<string, { Name: string; Secure: boolean }> | null;
        InsecureRegistryCIDRs?: string[] | null;
        Mirrors?: string[] | null;
      }
    | null
    | undefined;
  if (!config) return [];
  const indexes = Object.values(config.IndexConfigs ?? {});
  const cidrs = config.InsecureRegistryCIDRs ?? [];
  const mirrors = config.Mirrors ?? [];
  return [
    ...(indexes.length + cidrs.length > 0
      ? [
          ' Insecure Registries:',
          ...indexes.filter((index) => !index.Secure).map((index) => `  ${index.Name}`),
          ...cidrs.map((cidr) => `  ${cidr}`),
        ]
      : []),
    ...(mirrors.length > 0 ? [' Registry Mirrors:', ...mirrors.map((mirror) => `  ${mirror}`)] : []),
  ];
}

function machineLines(info: InfoDocument, debug: boolean): string[] {
  return [
    ...optional(' Kernel Version:', info.KernelVersion),
    ...optional(' Operating System:', info.OperatingSystem),
    ...optional(' OSType:', info.OSType),
    ...optional(' Architecture:', info.Architecture),
    field(' CPUs:', info.NCPU),
    field(' Total Memory:', bytesSize(info.MemTotal ?? 0)),
    ...optional(' Name:', info.Name),
    ...optional(' ID:', info.ID),
    field(' Docker Root Dir:', info.DockerRootDir),
    field(' Debug Mode:', info.Debug),
    ...(info.Debug === true || debug
      ? [
          field('  File Descriptors:', info.NFd),
          field('  Goroutines:', info.NGoroutines),
          field('  System Time:', info.SystemTime),
          field('  EventsListeners:', info.NEventsListener),
        ]
      : []),
    ...optional(' HTTP Proxy:', info.HttpProxy),
    ...optional(' HTTPS Proxy:', info.HttpsProxy),
    ...optional(' No Proxy:', info.NoProxy),
  ];
}

function serverLines(info: InfoDocument, errors: string[], debug: boolean): string[] {
  const plugins = info.Plugins;
  const devices = list<{ Source: string; ID: string }>(info['DiscoveredDevices']);
  const specs = list<string>(info['CDISpecDirs']);
  const runtimes = Object.keys((info['Runtimes'] as object | null | undefined) ?? {}).sort();
  const pools = list<{ Base: string; Size: number }>(info['DefaultAddressPools']);
  const firewall = info['FirewallBackend'] as
    { Driver: string; Info?: [string, string][] } | null | undefined;
  const labels = list<string>(info.Labels);
  return [
    field(' Containers:', info.Containers),
    field('  Running:', info.ContainersRunning),
    field('  Paused:', info.ContainersPaused),
    field('  Stopped:', info.ContainersStopped),
    field(' Images:', info.Images),
    ...optional(' Server Version:', info.ServerVersion),
    ...optional(' Storage Driver:', info.Driver),
    ...list<[string, string]>(info.DriverStatus).map(([key, value]) => `  ${key}: ${value}`),
    ...optional(' Logging Driver:', info.LoggingDriver),
    ...optional(' Cgroup Driver:', info.CgroupDriver),
    ...optional(' Cgroup Version:', info['CgroupVersion']),
    ' Plugins:',
    field('  Volume:', words(plugins?.Volume)),
    field('  Network:', words(plugins?.Network)),
    ...((plugins?.Authorization ?? []).length > 0
      ? [field('  Authorization:', words(plugins?.Authorization))]
      : []),
    field('  Log:', words(plugins?.Log)),
    ...(specs.length > 0 ? [' CDI spec directories:', ...specs.map((folder) => `  ${folder}`)] : []),
    ...(devices.length > 0
      ? [' Discovered Devices:', ...devices.map(({ Source: source, ID: id }) => `  ${source}: ${id}`)]
      : []),
    field(' Swarm:', (info['Swarm'] as { LocalNodeState?: string } | undefined)?.LocalNodeState),
    ...(runtimes.length > 0
      ? [field(' Runtimes:', runtimes.join(' ')), field(' Default Runtime:', info.DefaultRuntime)]
      : []),
    ...(info.OSType === 'linux' ? linuxLines(info, errors) : []),
    ...(info.OSType === 'windows' ? [field(' Default Isolation:', info.Isolation)] : []),
    ...machineLines(info, debug),
    ...(labels.length > 0 ? [' Labels:', ...labels.map((label) => `  ${label}`)] : []),
    field(' Experimental:', info.ExperimentalBuild),
    ...registryLines(info),
    field(' Live Restore Enabled:', info['LiveRestoreEnabled']),
    ...optional(' Product License:', info['ProductLicense']),
    ...(pools.length > 0
      ? [' Default Address Pools:', ...pools.map(({ Base, Size }) => `   Base: ${Base}, Size: ${Size}`)]
      : []),
    ...(firewall
      ? [
          ` Firewall Backend: ${firewall.Driver}`,
          ...(firewall.Info ?? []).map(([key, value]) => `  ${key}: ${value}`),
        ]
      : []),
    '',
  ];
}

/** `server` false: the engine could not be asked, and only the heading is printed. */
export function infoText(info: InfoDocument, server: boolean, debug = false): InfoText {
  const errors = [...(info.ServerErrors ?? [])];
  const stdout = [...clientLines(info), '', 'Server:', ...(server ? serverLines(info, errors, debug) : [])];
  const stderr = [
    ...(info.ClientInfo?.Warnings ?? []),
    ...(info.ClientErrors ?? []).map((text) => `ERROR: ${text}`),
    ...(server ? list<string>(info.Warnings) : []),
    ...errors.map((text) => `ERROR: ${text}`),
  ];
  return {
    stdout: `${stdout.join('\n')}\n`,
    stderr: stderr.map((line) => `${line}\n`).join(''),
    failed: errors.length > 0 || (info.ClientErrors ?? []).length > 0,
  };
}
