import { expect } from 'chai';
import {
  containerPlan,
  enterPlan,
  toolPlan,
  type ContainerSandbox,
} from '../../../src/host/linux/sandbox-plan.ts';
import { BIND, CLONE, encodeProgram, type SandboxStep } from '../../../src/host/linux/sandbox-program.ts';

const base: ContainerSandbox = {
  identity: { rootless: false, uid: 0, gid: 0 },
  wine: {
    root: '/',
    loader: '/usr/lib/wine/wine64',
    server: '/usr/lib/wine/wineserver64',
    programs: '/usr/lib/x86_64-linux-gnu/wine/x86_64-windows',
    nls: '/usr/share/wine/nls',
    inf: '/usr/share/wine/wine.inf',
    trees: ['/usr'],
    stamp: '',
  },
  rootEntries: [{ path: '/lib', link: 'usr/lib' }],
  extraFiles: ['/etc/ld.so.cache'],
  mountPoint: '/run/x/root',
  linkFolder: '/run/x/links',
  lowerCount: 3,
  prefix: '/run/x/pfx',
  io: '/run/x/io',
  launcher: '/pkg/launcher.exe',
  hostname: 'web1',
  resolvConf: '/run/x/resolv.conf',
  hosts: '/run/x/hosts',
  directories: [],
  drives: [],
  cgroupFiles: [],
  environment: ['WINEPREFIX=/pfx'],
};

const readOnly = BIND.readOnly | BIND.noSuid | BIND.noDev;

function named(steps: readonly SandboxStep[], name: string): SandboxStep[] {
  return steps.filter((step) => step[0] === name);
}

function position(steps: readonly SandboxStep[], find: (step: SandboxStep) => boolean): number {
  const index = steps.findIndex(find);
  expect(index, 'step not found').to.not.equal(-1);
  return index;
}

describe('sandbox plan', () => {
  it('isolates before it forks, mounts after, and confines last', () => {
    const steps = containerPlan(base);
    const at = (name: string): number => position(steps, (step) => step[0] === name);
    const order = [
      'unshare',
      'fork',
      'mount',
      'pivot',
      'restrict',
      '-personality',
      'caps',
      'nnp',
      'seccomp',
      'report',
      'wait',
      'serve',
    ];
    expect(order.map(at)).to.deep.equal(order.map(at).sort((a, b) => a - b));
    expect(steps.at(-1)).to.deep.equal([
      'serve',
      '/usr/lib/wine/wine64',
      '/launcher/launcher.exe',
      'serve',
      '\\\\?\\unix\\io\\ctl',
    ]);
  });

  it('makes every namespace of its own, the user namespace for ordinary users only', () => {
    const all = CLONE.mounts | CLONE.processes | CLONE.hostname | CLONE.ipc | CLONE.network;
    expect(named(containerPlan(base), 'unshare')).to.deep.equal([['unshare', all]]);
    const rootless = containerPlan({ ...base, identity: { rootless: true, uid: 1000, gid: 100 } });
    expect(named(rootless, 'unshare')).to.deep.equal([['unshare', all | CLONE.users]]);
    expect(named(rootless, 'idmap')).to.deep.equal([['idmap', 1000, 100]]);
    expect(named(containerPlan(base), 'idmap')).to.deep.equal([]);
  });

  it('enters a network namespace that was prepared', () => {
    const steps = containerPlan({ ...base, netnsPath: '/run/netns/a' });
    expect(named(steps, 'netns')).to.deep.equal([['netns', '/run/netns/a']]);
    expect((named(steps, 'unshare')[0]![1] as number) & CLONE.network).to.equal(0);
  });

  it('joins control groups first', () => {
    const steps = containerPlan({ ...base, cgroupFiles: ['/sys/fs/cgroup/memory/p/cgroup.procs'] });
    expect(steps[0]).to.deep.equal(['write', '/sys/fs/cgroup/memory/p/cgroup.procs', '0']);
  });

  it('binds the host read-only, without set-user-ID programs and devices', () => {
    const binds = named(containerPlan(base), 'bind').map(([, source, , flags]) => [source, flags]);
    expect(binds).to.deep.include.members([
      ['/usr', readOnly],
      ['/etc/ld.so.cache', readOnly],
      ['/pkg/launcher.exe', readOnly],
      ['/run/x/hosts', readOnly],
      ['/run/x/resolv.conf', readOnly],
      ['/run/x/pfx', BIND.noSuid | BIND.noDev | BIND.noExec],
      ['/run/x/io', BIND.noSuid | BIND.noDev | BIND.noExec],
    ]);
    for (const [source, flags] of binds)
      expect((flags as number) & BIND.noSuid, String(source)).to.not.equal(0);
    for (const [, , type, flags] of named(containerPlan(base), 'mount').slice(1))
      expect((flags as unknown as number) === 0, String(type)).to.equal(false);
  });

  it('mounts C: by short names, renameable for root', () => {
    const overlay = (sandbox: ContainerSandbox): unknown =>
      named(containerPlan(sandbox), 'mount').find((step) => step[1] === 'overlay')?.[5];
    expect(overlay(base)).to.equal('redirect_dir=on,lowerdir=0:1:2,upperdir=upper,workdir=work');
    expect(overlay({ ...base, identity: { rootless: true, uid: 1, gid: 1 } })).to.equal(
      'userxattr,lowerdir=0:1:2,upperdir=upper,workdir=work',
    );
    expect(overlay({ ...base, mergedFolder: '/run/x/merged' })).to.equal(undefined);
  });

  it('binds mapped directories after C:, read-only when asked', () => {
    const steps = containerPlan({
      ...base,
      drives: ['/d'],
      directories: [
        { source: '/src', target: '/c/work', readOnly: false, isFile: false },
        { source: '/etc/x', target: '/d/x.txt', readOnly: true, isFile: true },
      ],
    });
    const at = (source: string): number =>
      position(steps, (step) => step[0] === 'bind' && step[1] === source);
    const overlay = position(steps, (step) => step[0] === 'mount' && step[1] === 'overlay');
    expect(at('/src')).to.be.greaterThan(overlay);
    const shared = BIND.recursive | BIND.noSuid | BIND.noDev;
    expect(steps[at('/src')]).to.deep.equal(['bind', '/src', '/run/x/root/c/work', shared]);
    expect(steps[at('/etc/x')]).to.deep.equal([
      'bind',
      '/etc/x',
      '/run/x/root/d/x.txt',
      shared | BIND.readOnly,
    ]);
    expect(steps[at('/etc/x') - 1]).to.deep.equal(['-file', '/run/x/root/d/x.txt', 0o644, '']);
  });

  for (const [count, text] of [
    [1, '0\n'],
    [4, '0-3\n'],
  ] as const)
    it(`shows ${count} processors`, () => {
      expect(named(containerPlan({ ...base, visibleProcessors: count }), 'file')).to.deep.include([
        'file',
        '/run/x/root/sys/devices/system/cpu/online',
        0o444,
        text,
      ]);
    });

  it('takes Wine from its root, at the same paths', () => {
    const steps = containerPlan({
      ...base,
      wine: { ...base.wine, root: '/opt/root', trees: ['/usr', '/opt/wine'] },
      rootEntries: [{ path: '/lib' }],
    });
    const binds = named(steps, 'bind').map(([, source, target]) => [source, target]);
    expect(binds).to.deep.include.members([
      ['/opt/root/usr', '/run/x/root/usr'],
      ['/opt/root/opt/wine', '/run/x/root/opt/wine'],
      ['/opt/root/lib', '/run/x/root/lib'],
      ['/opt/root/etc/ld.so.cache', '/run/x/root/etc/ld.so.cache'],
    ]);
  });

  it('for a tool has no drive and waits for what it leaves running', () => {
    const steps = toolPlan(base, '/work/prefix', ['/usr/lib/wine/wine64', 'wineboot'], []);
    expect(steps.at(-1)).to.deep.equal(['settle', '/usr/lib/wine/wine64', 'wineboot']);
    expect(named(steps, 'bind')).to.deep.include([
      'bind',
      '/work/prefix',
      '/run/x/root/pfx',
      BIND.noSuid | BIND.noDev,
    ]);
    expect(steps.some((step) => step[1] === 'overlay')).to.equal(false);
  });

  it('for a terminal enters the namespaces, the user namespace first, and confines', () => {
    const steps = enterPlan({
      identity: { rootless: true, uid: 1, gid: 1 },
      sandboxPid: 42,
      cgroupFiles: [],
      environment: ['USER=x'],
      wine: base.wine,
      arguments: ['console', 'spec'],
    });
    expect(steps.map(([name]) => name)).to.deep.equal([
      'raw',
      'enter',
      'fork',
      'chdir',
      'env',
      '-personality',
      'caps',
      'nnp',
      'seccomp',
      'exec',
    ]);
    expect(steps[1]).to.deep.equal(['enter', 42, 'user', 'mnt', 'pid', 'net', 'uts', 'ipc']);
    const root = enterPlan({
      identity: base.identity,
      sandboxPid: 42,
      cgroupFiles: ['/g/cgroup.procs'],
      environment: [],
      wine: base.wine,
      arguments: [],
    });
    expect(root.slice(1, 3)).to.deep.equal([
      ['write', '/g/cgroup.procs', '0'],
      ['enter', 42, 'mnt', 'pid', 'net', 'uts', 'ipc'],
    ]);
  });
});

describe('sandbox programs', () => {
  it('are lengths, words and zeros', () => {
    expect(
      encodeProgram([
        ['a', 7],
        ['bc', Buffer.from([0, 1])],
      ]).toString('hex'),
    ).to.equal(
      [
        '1e000000',
        '0200' + '01000000' + '61' + '00' + '01000000' + '37' + '00',
        '0200' + '02000000' + '6263' + '00' + '02000000' + '0001' + '00',
      ].join(''),
    );
  });
});
