import type { ContainerConfig, HealthConfig, HostConfig } from '../api/types/index.ts';
import { PortholeError } from '../errors/porthole-error.ts';
import { knownSignal } from './signals.ts';

/** Docker's checks of a merged `Config`, with its texts (moby `verifyContainerSettings`). Throws the first failure. */
export function validateConfig(config: ContainerConfig): void {
  for (const entry of config.Env ?? []) {
    if (entry === '' || entry.startsWith('=')) throw refuse(`invalid environment variable: ${entry}`);
  }
  if (config.WorkingDir !== '' && !isAbsolute(config.WorkingDir)) {
    throw refuse(
      `the working directory '${config.WorkingDir}' is invalid, it needs to be an absolute path`,
      'write it as C:\\folder',
    );
  }
  if (config.StopSignal !== undefined && !knownSignal(config.StopSignal))
    throw refuse(`invalid signal: ${config.StopSignal}`);
  if (config.Healthcheck !== undefined) validateHealthcheck(config.Healthcheck);
}

/** `C:\x`, `c:/x`, `\x`, `/x`. */
function isAbsolute(path: string): boolean {
  return /^([A-Za-z]:)?[\\/]/.test(path);
}

const millisecond = 1_000_000;

function validateHealthcheck(check: HealthConfig): void {
  for (const name of ['Interval', 'Timeout'] as const) tooShort(name, check[name]);
  if ((check.Retries ?? 0) < 0) throw refuse('Retries in Healthcheck cannot be negative');
  for (const name of ['StartPeriod', 'StartInterval'] as const) tooShort(name, check[name]);
  const kind = check.Test?.[0];
  if (kind !== undefined && !['', 'NONE', 'CMD', 'CMD-SHELL'].includes(kind))
    throw refuse(`Unknown type '${kind}' in HEALTHCHECK (try CMD)`);
}

function tooShort(name: string, nanoseconds: number | undefined): void {
  if (nanoseconds !== undefined && nanoseconds !== 0 && nanoseconds < millisecond)
    throw refuse(`${name} in Healthcheck cannot be less than 1ms`);
}

/** What of the host decides a HostConfig's fate. */
export interface ValidationHost {
  readonly cpus: number;
}

/**
 * Docker's checks of a HostConfig on Windows, with its texts (docker-cli.md 7, users.md 5.3, hcs.md 6.4), after
 * `normaliseHostConfig`. Returns the HostConfig with discarded CPU options cleared, as moby stores it, and the warnings.
 */
export function validateHostConfig(
  hostConfig: HostConfig,
  isolation: 'process' | 'hyperv',
  host: ValidationHost,
): { hostConfig: HostConfig; warnings: string[] } {
  validateRestartPolicy(hostConfig);
  validateAnnotations(hostConfig.Annotations ?? {});
  if (hostConfig.CpuRealtimePeriod !== 0)
    throw refuse('invalid option: CPU real-time period is not supported for Windows containers');
  if (hostConfig.CpuRealtimeRuntime !== 0)
    throw refuse('invalid option: CPU real-time runtime is not supported for Windows containers');
  if (hostConfig.Privileged) {
    throw refuse(
      'invalid option: privileged mode is not supported for Windows containers',
      'Windows containers run as ContainerAdministrator with --user ContainerAdministrator',
    );
  }
  if (hostConfig.ReadonlyRootfs) {
    throw refuse(
      'invalid option: read-only mode is not supported for Windows containers',
      'run as ContainerUser and mount volumes read-only',
    );
  }
  if (Object.keys(hostConfig.Tmpfs ?? {}).length > 0)
    throw refuse('windows does not support tmpfs', 'use a volume together with --rm');
  const runtime = hostConfig.Runtime ?? '';
  if (runtime !== '') throw refuse(`unknown or invalid runtime name: ${runtime}`, 'leave --runtime out');
  const gpu = hostConfig.DeviceRequests?.[0];
  if (gpu !== undefined) {
    const capabilities = (gpu.Capabilities ?? []).map((set) => `[${set.join(' ')}]`).join(' ');
    throw refuse(
      `could not select device driver "${gpu.Driver ?? ''}" with capabilities: [${capabilities}]`,
      'use --device class/5B45201D-F2F2-4F3B-85BB-30FF1F953599 for DirectX on a Windows host',
    );
  }
  const warnings: string[] = [];
  const resolved = isolation === 'process' ? discardConflicts(hostConfig, warnings) : hostConfig;
  validateResources(resolved, host);
  warnings.push(...meaninglessOptions(resolved));
  return { hostConfig: resolved, warnings };
}

function discardConflicts(hostConfig: HostConfig, warnings: string[]): HostConfig {
  const result = { ...hostConfig };
  const discard = (winner: string, loser: string): void => {
    warnings.push(
      `Conflicting options: CPU ${winner} takes priority over CPU ${loser} on Windows Server Containers. CPU ${loser} discarded`,
    );
  };
  if (result.CpuCount > 0) {
    if (result.CpuShares > 0) {
      discard('count', 'shares');
      result.CpuShares = 0;
    }
    if (result.CpuPercent > 0) {
      discard('count', 'percent');
      result.CpuPercent = 0;
    }
  } else if (result.CpuShares > 0 && result.CpuPercent > 0) {
    discard('shares', 'percent');
    result.CpuPercent = 0;
  }
  return result;
}

const limitsHint =
  'Windows has --memory, --cpus, --cpu-count, --cpu-percent, --cpu-shares, --io-maxiops and --io-maxbandwidth';

function validateResources(config: HostConfig, host: ValidationHost): void {
  if (config.CpuShares < 0 || config.CpuShares > 10_000)
    throw refuse('range of CPUShares is from 1 to 10000');
  if (config.CpuPercent < 0 || config.CpuPercent > 100) throw refuse('range of CPUPercent is from 1 to 100');
  if (config.CpuCount < 0) throw refuse('invalid CPUCount: CPUCount cannot be negative');
  if (config.NanoCpus > 0 && config.CpuPercent > 0)
    throw refuse('conflicting options: Nano CPUs and CPU Percent cannot both be set');
  if (config.NanoCpus > 0 && config.CpuShares > 0)
    throw refuse('conflicting options: Nano CPUs and CPU Shares cannot both be set');
  if (config.NanoCpus > 0 && config.CpuCount > 0)
    throw refuse('conflicting options: Nano CPUs and CPU Count cannot both be set');
  if (config.NanoCpus < 0 || config.NanoCpus > host.cpus * 1e9) {
    throw refuse(
      `range of CPUs is from 0.01 to ${host.cpus}.00, as there are only ${host.cpus} CPUs available`,
    );
  }
  if (config.Memory < 0 || (config.Memory > 0 && config.Memory < 6 * 1024 * 1024))
    throw refuse('Minimum memory limit allowed is 6MB');
  const unsupported: [name: string, isSet: boolean][] = [
    ['BlkioDeviceReadBps', isFilled(config.BlkioDeviceReadBps)],
    ['BlkioDeviceReadIOps', isFilled(config.BlkioDeviceReadIOps)],
    ['BlkioDeviceWriteBps', isFilled(config.BlkioDeviceWriteBps)],
    ['BlkioDeviceWriteIOps', isFilled(config.BlkioDeviceWriteIOps)],
    ['BlkioWeight', config.BlkioWeight > 0],
    ['BlkioWeightDevice', isFilled(config.BlkioWeightDevice)],
    ['CgroupParent', config.CgroupParent !== ''],
    ['CPUPeriod', config.CpuPeriod !== 0],
    ['CpusetCpus', config.CpusetCpus !== ''],
    ['CpusetMems', config.CpusetMems !== ''],
    ['KernelMemory', ((config as { KernelMemory?: number }).KernelMemory ?? 0) !== 0],
    ['MemoryReservation', config.MemoryReservation !== 0],
    ['MemorySwap', config.MemorySwap !== 0],
    ['MemorySwappiness', config.MemorySwappiness !== null],
    ['OomKillDisable', config.OomKillDisable === true],
    ['PidsLimit', config.PidsLimit !== null],
    ['Ulimits', isFilled(config.Ulimits)],
  ];
  for (const [name, isSet] of unsupported) {
    if (isSet) throw refuse(`invalid option: Windows does not support ${name}`, limitsHint);
  }
}

/** Options that Docker takes on Windows without any effect: taken here too, but said. */
function meaninglessOptions(config: HostConfig): string[] {
  const options: [flag: string, isSet: boolean][] = [
    ['--cap-add', isFilled(config.CapAdd)],
    ['--cap-drop', isFilled(config.CapDrop)],
    ['--cgroupns', config.CgroupnsMode !== ''],
    ['--cpu-quota', config.CpuQuota !== 0],
    ['--device-cgroup-rule', isFilled(config.DeviceCgroupRules)],
    ['--dns-option', isFilled(config.DnsOptions)],
    ['--group-add', isFilled(config.GroupAdd)],
    ['--init', config.Init === true],
    ['--ipc', config.IpcMode !== ''],
    ['--link', isFilled(config.Links)],
    ['--oom-score-adj', config.OomScoreAdj !== 0],
    ['--pid', config.PidMode !== ''],
    ['--shm-size', config.ShmSize !== 0],
    ['--sysctl', Object.keys(config.Sysctls ?? {}).length > 0],
    ['--userns', config.UsernsMode !== ''],
    ['--uts', config.UTSMode !== ''],
  ];
  return options.filter(([, isSet]) => isSet).map(([flag]) => `${flag} has no effect on Windows containers`);
}

function validateRestartPolicy(config: HostConfig): void {
  const { Name: name, MaximumRetryCount: count } = config.RestartPolicy;
  if (!['', 'no', 'always', 'on-failure', 'unless-stopped'].includes(name)) {
    throw refuse(
      `invalid restart policy: unknown policy '${name}'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'`,
    );
  }
  if (count !== 0 && name !== 'on-failure')
    throw refuse("invalid restart policy: maximum retry count can only be used with 'on-failure'");
  if (count < 0) throw refuse('invalid restart policy: maximum retry count cannot be negative');
  if (config.AutoRemove && !['', 'no'].includes(name))
    throw refuse("can't create 'AutoRemove' container with restart policy");
}

function validateAnnotations(annotations: Readonly<Record<string, string>>): void {
  if (Object.hasOwn(annotations, ''))
    throw refuse('invalid Annotations: the empty string is not permitted as an annotation key');
}

function isFilled(list: readonly unknown[] | null | undefined): boolean {
  return (list?.length ?? 0) > 0;
}

function refuse(message: string, hint?: string): PortholeError {
  return new PortholeError('invalid', 'INVALID_OPTION', message, hint === undefined ? {} : { hint });
}
