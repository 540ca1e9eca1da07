import { expect } from 'chai';
import { resolveSpec } from '../../src/hcs/resolve-spec.ts';
import type { HostConfig } from '../../src/api/types/index.ts';
import { aCreateRequest } from '../support/create-request.ts';

const host = {
  osVersion: '10.0.20348.2227',
  sku: 'server',
  hypervAvailable: false,
  processIsolationAvailable: true,
  backend: 'hcs',
  cpus: 4,
  hostPaths: 'windows',
} as const;

/** Docker's exact 400 texts for what Windows lacks (docker-cli.md 7, users.md 5.3). */
const cases: [options: Partial<HostConfig>, message: string][] = [
  [{ Privileged: true }, 'invalid option: privileged mode is not supported for Windows containers'],
  [{ ReadonlyRootfs: true }, 'invalid option: read-only mode is not supported for Windows containers'],
  [{ Tmpfs: { '/x': '' } }, 'windows does not support tmpfs'],
  [{ CpuRealtimePeriod: 1 }, 'invalid option: CPU real-time period is not supported for Windows containers'],
  [
    { CpuRealtimeRuntime: 1 },
    'invalid option: CPU real-time runtime is not supported for Windows containers',
  ],
  [{ BlkioDeviceReadBps: [{}] }, 'invalid option: Windows does not support BlkioDeviceReadBps'],
  [{ BlkioDeviceReadIOps: [{}] }, 'invalid option: Windows does not support BlkioDeviceReadIOps'],
  [{ BlkioDeviceWriteBps: [{}] }, 'invalid option: Windows does not support BlkioDeviceWriteBps'],
  [{ BlkioDeviceWriteIOps: [{}] }, 'invalid option: Windows does not support BlkioDeviceWriteIOps'],
  [{ BlkioWeight: 10 }, 'invalid option: Windows does not support BlkioWeight'],
  [{ BlkioWeightDevice: [{}] }, 'invalid option: Windows does not support BlkioWeightDevice'],
  [{ CgroupParent: 'x' }, 'invalid option: Windows does not support CgroupParent'],
  [{ CpuPeriod: 1 }, 'invalid option: Windows does not support CPUPeriod'],
  [{ CpusetCpus: '0' }, 'invalid option: Windows does not support CpusetCpus'],
  [{ CpusetMems: '0' }, 'invalid option: Windows does not support CpusetMems'],
  [{ KernelMemory: 1 } as Partial<HostConfig>, 'invalid option: Windows does not support KernelMemory'],
  [{ MemoryReservation: 1 }, 'invalid option: Windows does not support MemoryReservation'],
  [{ MemorySwap: 1 }, 'invalid option: Windows does not support MemorySwap'],
  [{ MemorySwappiness: 0 }, 'invalid option: Windows does not support MemorySwappiness'],
  [{ OomKillDisable: true }, 'invalid option: Windows does not support OomKillDisable'],
  [{ PidsLimit: 5 }, 'invalid option: Windows does not support PidsLimit'],
  [{ Ulimits: [{ Name: 'nofile', Hard: 1, Soft: 1 }] }, 'invalid option: Windows does not support Ulimits'],
  [{ Runtime: 'runc' }, 'unknown or invalid runtime name: runc'],
  [
    { DeviceRequests: [{ Driver: '', Count: -1, DeviceIDs: null, Capabilities: [['gpu']], Options: {} }] },
    'could not select device driver "" with capabilities: [[gpu]]',
  ],
  [
    { Annotations: { '': 'x' } },
    'invalid Annotations: the empty string is not permitted as an annotation key',
  ],
];

describe('options that Windows lacks', () => {
  for (const [options, message] of cases) {
    it(message, () => {
      const request = aCreateRequest({ Cmd: ['cmd'], HostConfig: options });
      const attempt = (): unknown =>
        resolveSpec({ containerId: 'a'.repeat(64), request, image: { config: null }, host });

      expect(attempt).to.throw(message).with.property('kind', 'invalid');
      expect(attempt).to.throw().with.property('message', message);
    });
  }

  it("takes the literal defaults of Docker's client without a word", () => {
    const spec = resolveSpec({
      containerId: 'a'.repeat(64),
      request: aCreateRequest({ Cmd: ['cmd'] }),
      image: { config: null },
      host,
    });

    expect(spec.warnings).to.deep.equal([]);
    expect(spec.hostConfig).to.include({ MemorySwappiness: null, PidsLimit: null, NetworkMode: 'nat' });
  });
});
