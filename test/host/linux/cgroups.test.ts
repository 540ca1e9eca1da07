import { expect } from 'chai';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cgroupFolders, SandboxCgroups } from '../../../src/host/linux/cgroups.ts';

const v1Mounts = [
  '33 32 0:28 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid - cgroup cgroup rw,cpu,cpuacct',
  '34 32 0:29 / /sys/fs/cgroup/memory rw,nosuid shared:14 - cgroup cgroup rw,memory',
  '35 32 0:30 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw',
  '36 32 0:31 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd',
].join('\n');

describe('control groups', () => {
  for (const [name, mounts, own, expected] of [
    [
      'of version 1, two controllers in one',
      v1Mounts,
      '9:name=systemd:/\n4:memory:/a/b\n1:cpu,cpuacct:/\n0::/',
      {
        memory: '/sys/fs/cgroup/memory/a/b',
        cpu: '/sys/fs/cgroup/cpu,cpuacct',
        cpuacct: '/sys/fs/cgroup/cpu,cpuacct',
        unified: '/sys/fs/cgroup/unified',
      },
    ],
    [
      'of version 2',
      '31 24 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate',
      '0::/user.slice/user-1000.slice/session-1.scope',
      { unified: '/sys/fs/cgroup/user.slice/user-1000.slice/session-1.scope' },
    ],
    [
      'of a container, mounted from its own group',
      '31 24 0:26 /docker/abc /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory',
      '4:memory:/docker/abc/child',
      { memory: '/sys/fs/cgroup/memory/child' },
    ],
    ['that are not mounted', '', '4:memory:/x', {}],
  ] as const)
    it(`are found: ${name}`, () => {
      expect(Object.fromEntries(cgroupFolders(mounts, own))).to.deep.equal(expected);
    });

  describe('files', () => {
    let root: string;
    beforeEach(() => {
      root = mkdtempSync(join(tmpdir(), 'porthole-cgroup-'));
    });
    afterEach(() => rmSync(root, { recursive: true, force: true }));

    function group(name: string, files: Record<string, string>): string {
      mkdirSync(join(root, name));
      for (const [file, text] of Object.entries(files)) writeFileSync(join(root, name, file), text);
      return join(root, name);
    }
    const read = (name: string, file: string): string => readFileSync(join(root, name, file), 'utf8');

    it('take limits and tell usage in version 1', () => {
      const memory = group('memory', {
        'memory.limit_in_bytes': '',
        'memory.memsw.limit_in_bytes': '',
        'memory.usage_in_bytes': '3000\n',
        'memory.max_usage_in_bytes': '4000\n',
        'memory.stat': 'inactive_file 5\ntotal_inactive_file 1000\n',
        'memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 2\n',
      });
      const cpu = group('cpu', {
        'cpu.cfs_period_us': '',
        'cpu.cfs_quota_us': '',
        'cpu.shares': '',
        'cpuacct.usage': '500\n',
        'cpuacct.usage_sys': '200\n',
      });
      const groups = new SandboxCgroups(
        new Map([
          ['memory', memory],
          ['cpu', cpu],
          ['cpuacct', cpu],
        ]),
      );
      groups.limit({ memoryBytes: 1024, processorTime: 1.5, weight: 200 });

      expect(read('memory', 'memory.limit_in_bytes')).to.equal('1024');
      expect(read('memory', 'memory.memsw.limit_in_bytes')).to.equal('1024');
      expect([
        read('cpu', 'cpu.cfs_period_us'),
        read('cpu', 'cpu.cfs_quota_us'),
        read('cpu', 'cpu.shares'),
      ]).to.deep.equal(['100000', '150000', '2048']);
      expect(groups.oomKills()).to.equal(2);
      expect(groups.usage()).to.deep.equal({
        totalNs: 500,
        kernelNs: 200,
        userNs: 300,
        memoryBytes: 3000,
        memoryPeakBytes: 4000,
        workingSetBytes: 2995,
        readBytes: 0,
        writeBytes: 0,
      });
      expect(groups.procsFiles).to.deep.equal([join(memory, 'cgroup.procs'), join(cpu, 'cgroup.procs')]);
    });

    it('take limits and tell usage in version 2', () => {
      const folder = group('unified', {
        'memory.max': '',
        'memory.swap.max': '',
        'cpu.max': '',
        'cpu.weight': '',
        'memory.current': '3000\n',
        'memory.peak': '3500\n',
        'memory.stat': 'anon 5\ninactive_file 1000\n',
        'memory.events': 'low 0\noom 1\noom_kill 1\n',
        'cpu.stat': 'usage_usec 7\nuser_usec 4\nsystem_usec 3\n',
        'io.stat': '8:0 rbytes=10 wbytes=20 rios=1\n8:16 rbytes=1 wbytes=2\n',
      });
      const groups = new SandboxCgroups(new Map([['unified', folder]]));
      groups.limit({ memoryBytes: 1024, processorTime: 0.25, weight: 300 });

      expect([
        read('unified', 'memory.max'),
        read('unified', 'memory.swap.max'),
        read('unified', 'cpu.max'),
        read('unified', 'cpu.weight'),
      ]).to.deep.equal(['1024', '0', '25000 100000', '300']);
      expect([groups.has('memory'), groups.has('cpu'), groups.oomKills()]).to.deep.equal([true, true, 1]);
      expect(groups.usage()).to.deep.equal({
        totalNs: 7000,
        userNs: 4000,
        kernelNs: 3000,
        memoryBytes: 3000,
        memoryPeakBytes: 3500,
        workingSetBytes: 2000,
        readBytes: 11,
        writeBytes: 22,
      });
    });

    it('that are not there limit nothing and tell nothing', () => {
      const groups = new SandboxCgroups(new Map([['unified', group('bare', {})]]));
      expect([groups.has('memory'), groups.has('cpu'), groups.usage(), groups.oomKills()]).to.deep.equal([
        false,
        false,
        undefined,
        0,
      ]);
    });
  });
});
