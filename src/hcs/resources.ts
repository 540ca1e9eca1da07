import type { HostConfig } from '../api/types/index.ts';
import type { Isolation } from './isolation.ts';

/** Limits in HCS' units; absent = no limit. */
export interface ResourceLimits {
  readonly memoryMb?: number;
  readonly processorCount?: number;
  /** 1-10000, hundredths of a percent of all processors of the host. */
  readonly processorMaximum?: number;
  /** 1-10000. */
  readonly processorWeight?: number;
  readonly iopsMaximum?: number;
  /** Bytes per second. */
  readonly bandwidthMaximum?: number;
}

type ResourceConfig = Pick<
  HostConfig,
  'Memory' | 'NanoCpus' | 'CpuCount' | 'CpuPercent' | 'CpuShares' | 'IOMaximumIOps' | 'IOMaximumBandwidth'
>;

/** Docker's options as HCS limits, moby's arithmetic (hcs.md 6.4). `cpus` is the host's processor count. */
export function resourceLimits(config: ResourceConfig, isolation: Isolation, cpus: number): ResourceLimits {
  const limits: { -readonly [K in keyof ResourceLimits]: ResourceLimits[K] } = {};
  if (config.Memory > 0) limits.memoryMb = Math.trunc(config.Memory / 1024 / 1024);
  if (config.CpuShares > 0) limits.processorWeight = config.CpuShares;
  if (config.CpuPercent > 0) limits.processorMaximum = config.CpuPercent * 100;
  if (config.CpuCount > 0) limits.processorCount = Math.min(config.CpuCount, cpus);
  if (config.NanoCpus > 0) {
    if (isolation === 'hyperv') {
      const whole = Math.trunc(config.NanoCpus / 1e9);
      const fraction = config.NanoCpus % 1e9 !== 0;
      limits.processorCount = fraction ? whole + 1 : whole;
      if (fraction) {
        limits.processorMaximum = Math.max(1, Math.trunc(config.NanoCpus / limits.processorCount / 1e5));
      }
    } else {
      limits.processorMaximum = Math.max(1, Math.trunc(config.NanoCpus / cpus / 1e5));
    }
  }
  if (config.IOMaximumIOps > 0) limits.iopsMaximum = config.IOMaximumIOps;
  if (config.IOMaximumBandwidth > 0) limits.bandwidthMaximum = config.IOMaximumBandwidth;
  return limits;
}
