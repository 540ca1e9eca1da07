import { expect } from 'chai';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { diagnoseHost } from '../../src/engine/local/system/diagnose.ts';
import type { Engine } from '../../src/engine/roles/index.ts';
import type { HostFacts, HostFactsPort } from '../../src/host/ports/host-facts.ts';
import { emptyTrash } from '../../src/state/trash.ts';
import { dataPaths } from '../../src/state/paths.ts';
import { runCommand } from '../support/command-host.ts';
import type { CommandRun } from '../support/command-host.ts';
import { goodLinux, goodWindows } from '../support/host-facts.ts';
import { testEnvironment } from '../support/linux-host.ts';

describe('porthole doctor', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'porthole-doctor-'));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  /** The command over the real service; only the host's facts are made up. */
  const doctor = (argv: string[], facts: HostFacts | HostFactsPort, color = false): Promise<CommandRun> => {
    const paths = dataPaths(root);
    const port = 'read' in facts ? facts : { read: async () => facts };
    const deps = {
      environment: testEnvironment(root),
      paths,
      facts: async () => port,
      sweepStore: async () => void emptyTrash(paths.trash),
      unneededContent: async () => ({ layers: [], blobs: 0, bytes: 0 }),
      hostObjects: {
        read: async () => ({ systems: undefined, endpoints: undefined, why: 'only administrators may ask' }),
        release: async () => undefined,
      },
    };
    const engine = {
      system: { diagnose: (options: { fix?: boolean }) => diagnoseHost(deps, options) },
    } as unknown as Engine;
    return runCommand(['doctor', ...argv], { engine, outTerminal: { color } });
  };

  it('shows every check of a good Linux host and ends with 0', async () => {
    expect(await doctor([], goodLinux)).to.deep.equal({
      exitCode: 0,
      stderr: '',
      stdout: `Debian GNU/Linux 12 (bookworm), kernel 6.1.0, as an ordinary user

 1 PASS  processor   x86-64, 4 processors
 2 PASS  parts       all programs of the package are there
 3 PASS  wine        wine-8.0 (Debian 8.0~repack-4), /usr/lib/wine/wine64
 4 PASS  namespaces  can be made, with a user namespace
 5 PASS  overlay     the kernel mounts overlays on
                     /home/user/.local/share/porthole
 6 PASS  seccomp     the system call filter can be installed
 7 PASS  cgroups     memory and processor time can be limited
 8 PASS  tools       ip, nft, pasta, nsenter
 9 PASS  pasta       containers can reach the outside
10 PASS  tun         /dev/net/tun can be opened
11 PASS  data-root   /home/user/.local/share/porthole, mode 0700
12 PASS  disk-space  100.0 GiB of 400.0 GiB free for
                     /home/user/.local/share/porthole
13 PASS  containers  all containers can be read
14 PASS  leftovers   nothing was left by interrupted commands

14 passed
`,
    });
  });

  it('shows what to type on a Windows host that is not ready, and ends with 1', async () => {
    const facts: HostFacts = {
      ...goodWindows,
      elevated: false,
      features: { containers: 'disabled', hyperV: 'disabled' },
      services: {
        ...goodWindows.services,
        vmcompute: { state: 'absent', start: undefined },
        hns: { state: 'absent', start: undefined },
      },
      product: { ...goodWindows.product, name: 'Windows 11 Pro', edition: 'Professional', server: false },
      defender: { service: 'running', realTime: true, excludedPaths: undefined },
    };
    expect(await doctor([], facts)).to.deep.equal({
      exitCode: 1,
      stderr: '',
      stdout: `Windows 11 Pro 10.0.20348.2700, not elevated

 1 PASS  build                 Windows 11 Pro 21H2, 10.0.20348.2700
 2 PASS  edition               Professional, a client
 3 FAIL  containers-feature    the Containers feature is not enabled
                               > in a terminal started with "Run as administrator":
                               > Enable-WindowsOptionalFeature -Online -FeatureName Containers -All
                               > Restart-Computer
 4 WARN  hyperv-feature        Hyper-V is not enabled: no --isolation=hyperv, so
                               only images of a fitting build run
                               > in a terminal started with "Run as administrator":
                               > Enable-WindowsOptionalFeature -Online -FeatureName Microsoft-Hyper-V -All
                               > Restart-Computer
 5 skip  virtualization        matters for Hyper-V isolation only
 6 skip  service-vmcompute     comes with the Containers feature
 7 skip  service-hns           comes with the Containers feature
 8 PASS  service-winnat        Windows NAT runs
 9 WARN  service-sharedaccess  Internet Connection Sharing is disabled: no
                               default switch
                               > in a terminal started with "Run as administrator":
                               > Set-Service SharedAccess -StartupType Manual
10 skip  libraries             come with the Containers feature
11 WARN  elevation             not elevated: images, lint, explain and builds
                               that only copy work; containers, networks and RUN
                               do not
                               > start the terminal with "Run as administrator"
12 PASS  restart               no restart is pending
13 PASS  file-system           C:\\ProgramData\\porthole is on NTFS
14 PASS  disk-space            200.0 GiB of 500.0 GiB free for
                               C:\\ProgramData\\porthole
15 skip  defender              Microsoft Defender runs; only administrators may
                               see what it leaves out
                               > in a terminal started with "Run as administrator":
                               > Add-MpPreference -ExclusionPath 'C:\\ProgramData\\porthole'
16 PASS  port-exclusions       0 ranges of ports kept by Windows, none over
                               common ports
17 PASS  subnets               no route or adapter overlaps the networks of
                               containers
18 PASS  containers            all containers can be read
19 PASS  leftovers             nothing was left by interrupted commands
20 skip  compute-systems       only administrators may ask
21 skip  endpoints             only administrators may ask

10 passed, 3 warnings, 1 failed, 7 skipped
`,
    });
  });

  it('shows problems alone with --quiet, single checks with --check, colours on a terminal', async () => {
    const facts: HostFacts = { ...goodLinux, cgroups: 'none is writable', root: true };
    expect((await doctor(['-q'], facts)).stdout).to
      .equal(`Debian GNU/Linux 12 (bookworm), kernel 6.1.0, as root

 1 WARN  cgroups  --memory and --cpus are refused: none is writable
                  > mount a writable control group hierarchy (in a container: --cgroupns=private, or privileged)

11 passed, 1 warning, 2 skipped
`);
    expect((await doctor(['--check', 'wine,tun'], facts)).stdout).to
      .equal(`Debian GNU/Linux 12 (bookworm), kernel 6.1.0, as root

 1 PASS  wine  wine-8.0 (Debian 8.0~repack-4), /usr/lib/wine/wine64
 2 skip  tun   not needed: root makes bridges

1 passed, 1 skipped
`);
    expect((await doctor(['--check', 'wine'], goodLinux, true)).stdout).to.contain(
      ' 1 \u001b[32mPASS\u001b[0m  wine  wine-8.0',
    );
    const wrong = await doctor(['--check', 'nope'], goodLinux);
    expect(wrong.exitCode).to.equal(125);
    expect(wrong.stderr).to.equal(
      'no such check: nope\nHint: checks of this host: processor, parts, wine, namespaces, overlay, seccomp, cgroups, tools, pasta, tun, data-root, disk-space, containers, leftovers\n',
    );
  });

  it('gives one JSON document', async () => {
    const { stdout, exitCode } = await doctor(['--json', '--check', 'wine,pasta'], {
      ...goodLinux,
      networkTools: ['nsenter'],
      wine: undefined,
    });
    expect(exitCode).to.equal(1);
    expect(JSON.parse(stdout)).to.deep.equal({
      apiVersion: 'porthole/v1',
      host: 'Debian GNU/Linux 12 (bookworm), kernel 6.1.0, as an ordinary user',
      checks: [
        {
          id: 'wine',
          status: 'fail',
          fact: 'no 64-bit Wine below /',
          fix: ["apt-get install wine64   (or your distribution's package of it)"],
        },
        {
          id: 'pasta',
          status: 'warn',
          fact: 'containers cannot reach the outside without pasta',
          fix: ["apt-get install passt   (or your distribution's package of it)"],
        },
      ],
      summary: { pass: 0, warn: 1, fail: 1, skip: 0 },
    });
  });

  it('repairs what is safe with --fix, and says what it did', async () => {
    const store = join(root, 'store');
    mkdirSync(store);
    chmodSync(store, 0o777);
    mkdirSync(join(root, 'trash', 'old'), { recursive: true });
    writeFileSync(join(root, 'trash', 'old', 'file'), '');
    const read = async (): Promise<HostFacts> => ({
      ...goodLinux,
      dataRoot: { ...goodLinux.dataRoot, path: store, mode: statSync(store).mode & 0o7777 },
    });
    const checks = ['--check', 'data-root,leftovers'];
    const before = await doctor(checks, { read });
    expect(before.stdout.split('\n').slice(-4)).to.deep.equal([
      '',
      '0 passed, 2 warnings',
      `porthole doctor --fix can take the rights of others from ${store}, delete what interrupted commands left in the store`,
      '',
    ]);
    await doctor([...checks, '--fix', '--dry-run'], { read });
    expect(statSync(store).mode & 0o777).to.equal(0o777);

    const after = await doctor([...checks, '--fix'], { read });
    expect(after).to.deep.include({ exitCode: 0, stderr: '' });
    expect(after.stdout.split('\n').slice(2, 6)).to.deep.equal([
      `Done: take the rights of others from ${store} (data-root)`,
      'Done: delete what interrupted commands left in the store (leftovers)',
      '',
      ` 1 PASS  data-root  ${store}, mode 0755`,
    ]);
    expect(statSync(store).mode & 0o777).to.equal(0o755);
  });

  it('starts services with --fix, and goes on when one does not start', async () => {
    const started: string[] = [];
    const stopped = { state: 'stopped', start: 'manual' } as const;
    const port: HostFactsPort = {
      read: async () => ({
        ...goodWindows,
        services: {
          ...goodWindows.services,
          vmcompute: stopped,
          hns: started.includes('hns') ? goodWindows.services.hns : stopped,
        },
      }),
      startService: async (name) => {
        if (name === 'vmcompute') throw new Error('service vmcompute did not start: 1058');
        started.push(name);
      },
    };
    const { stdout, exitCode } = await doctor(['--fix', '--check', 'service-vmcompute,service-hns'], port);
    expect(exitCode).to.equal(1);
    expect(stdout).to.equal(`Windows Server 2022 Datacenter 10.0.20348.2700, elevated

Not done: start the service vmcompute (service-vmcompute): service vmcompute did not start: 1058
Done: start the service hns (service-hns)

 1 FAIL  service-vmcompute  Hyper-V Host Compute Service is stopped
                            > in a terminal started with "Run as administrator":
                            > Start-Service vmcompute
 2 PASS  service-hns        Host Network Service runs

1 passed, 1 failed
`);
  });

  it('takes --dry-run with --fix only', async () => {
    expect(await doctor(['--dry-run'], goodLinux)).to.deep.equal({
      exitCode: 125,
      stdout: '',
      stderr: '--dry-run goes with --fix\n',
    });
  });
});
