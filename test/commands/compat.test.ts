import { expect } from 'chai';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { imagePlatforms } from '../../src/engine/local/images/platforms.ts';
import { isolationHost } from '../../src/engine/local/system/isolation-host.ts';
import type { Engine, HostIdentity, ImagePlatforms, PlatformsOptions } from '../../src/engine/roles/index.ts';
import type { HostFacts } from '../../src/host/ports/host-facts.ts';
import { mediaTypes } from '../../src/image/media-types.ts';
import { randomImage } from '../../src/image/random.ts';
import { dataPaths } from '../../src/state/paths.ts';
import { runCommand } from '../support/command-host.ts';
import type { CommandRun } from '../support/command-host.ts';
import { goodLinux, goodWindows } from '../support/host-facts.ts';
import { testEnvironment } from '../support/linux-host.ts';
import { ScriptedRegistry } from '../support/scripted-registry.ts';

const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const offered = (osVersion: string | undefined, letter: string, os = 'windows') => ({
  digest: digest(letter),
  os,
  architecture: 'amd64',
  ...(osVersion === undefined ? {} : { osVersion }),
});

const list: ImagePlatforms = {
  reference: 'mcr.microsoft.com/dotnet/sdk:8.0',
  source: 'registry',
  kind: 'index',
  digest: digest('0'),
  platforms: [
    offered(undefined, '1', 'linux'),
    offered('10.0.26100.6584', '2'),
    offered('10.0.20348.4171', '3'),
    offered('10.0.17763.7792', '4'),
  ],
};
const single: ImagePlatforms = {
  reference: 'mcr.microsoft.com/windows/servercore:ltsc2025',
  source: 'local',
  kind: 'manifest',
  digest: digest('5'),
  platforms: [offered('10.0.26100.6584', '5')],
};

const engineOf = (facts: HostFacts, images: ImagePlatforms[]): Engine =>
  ({
    system: { host: async (): Promise<HostIdentity> => isolationHost({ read: async () => facts }) },
    images: {
      platforms: async (name: string) => {
        const found = images.find(({ reference }) => reference === name);
        if (found === undefined) throw new Error(`${name}: not scripted`);
        return found;
      },
    },
  }) as unknown as Engine;

const compat = (argv: string[], facts: HostFacts = goodWindows): Promise<CommandRun> =>
  runCommand(['compat', ...argv], {
    engine: engineOf(facts, [list, single]),
    now: Date.UTC(2026, 10, 22),
  });

describe('porthole compat', () => {
  it('judges a list for this host and marks what would be pulled', async () => {
    expect(await compat([list.reference])).to.deep.equal({
      exitCode: 0,
      stderr: '',
      stdout: `Host: Windows Server 2022 Datacenter (server 10.0.20348.2700), with Hyper-V

mcr.microsoft.com/dotnet/sdk:8.0 (a list of 4, at the registry)

  PLATFORM        OS VERSION        PROCESS   HYPER-V   DEFAULT
  linux/amd64     -                 no        no        -
  windows/amd64   10.0.26100.6584   no        no        -
* windows/amd64   10.0.20348.4171   yes       yes       process
  windows/amd64   10.0.17763.7792   no        yes       hyperv

Runs with process isolation: image and host have the same build, 20348.
Warning: the image has revision 4171, the host 2700: if it fails with
  0xC0370106, update the host or use --isolation=hyperv
`,
    });
  });

  it('says why an image does not run and what to do, and ends with 1', async () => {
    expect(await compat([single.reference])).to.deep.equal({
      exitCode: 1,
      stderr: '',
      stdout: `Host: Windows Server 2022 Datacenter (server 10.0.20348.2700), with Hyper-V

mcr.microsoft.com/windows/servercore:ltsc2025 (one image, in the store)

  PLATFORM        OS VERSION        PROCESS   HYPER-V   DEFAULT
* windows/amd64   10.0.26100.6584   no        no        -

Does not run: a Windows version 10.0.26100-based image is incompatible with a
10.0.20348 host.
Hint: use the tag of this image for Windows Server 2022, or a newer host
`,
    });
  });

  it('judges for another host, with its known issues', async () => {
    expect((await compat(['--host-version', 'win11-25h2', single.reference])).stdout).to
      .equal(`Host: Windows 11 25H2 (client 10.0.26200), with Hyper-V

mcr.microsoft.com/windows/servercore:ltsc2025 (one image, in the store)

  PLATFORM        OS VERSION        PROCESS   HYPER-V   DEFAULT
* windows/amd64   10.0.26100.6584   yes       yes       hyperv

Runs with Hyper-V isolation: clients take Hyper-V isolation by default;
--isolation=process works too.
Known issue: ltsc2025 images fail on Windows 11 25H2 with 0xC0370112 in both
  isolation modes: use the ltsc2022 tag of the image
  https://github.com/microsoft/hcsshim/issues/2566
`);
    const quiet = await compat([
      ...['--known-issues', 'none', '--host-version', 'win11-25h2'],
      single.reference,
    ]);
    expect(quiet.stdout).not.to.contain('Known issue');
  });

  it('judges the isolation that was asked for', async () => {
    const argv = ['--host-version', 'ltsc2022', '--no-hyperv', '--platform', 'windows(10.0.17763)/amd64'];
    const { stdout, exitCode } = await compat([...argv, list.reference]);
    expect(exitCode).to.equal(1);
    expect(stdout).to.contain('* windows/amd64   10.0.17763.7792   no        no        -\n');
    expect(stdout).to.contain(
      'Does not run: The container operating system does not match the host operating\nsystem. (0xc0370101): image 10.0.17763.7792, host 10.0.20348.\nHint: use the tag',
    );
    const asked = await compat(['--isolation', 'hyperv', list.reference]);
    expect(asked.stdout).to.contain(
      'Runs with Hyper-V isolation: it was asked for; process isolation works too.',
    );
  });

  it('takes everything on Linux, where no kernel has to match', async () => {
    expect((await compat([single.reference], goodLinux)).stdout).to
      .equal(`Host: Wine 8.0 on Debian GNU/Linux 12 (bookworm)

mcr.microsoft.com/windows/servercore:ltsc2025 (one image, in the store)

  PLATFORM        OS VERSION        PROCESS   HYPER-V   DEFAULT
* windows/amd64   10.0.26100.6584   yes       no        process

Runs with process isolation: Windows programs run under Wine here, whatever
version the image is for.
`);
  });

  it('says when nothing in the list fits', async () => {
    const { stdout, exitCode } = await compat(['--host-version', 'ltsc2016', '--no-hyperv', list.reference]);
    expect(exitCode).to.equal(1);
    expect(stdout).to
      .contain(`Does not run: no matching manifest for windows(10.0.14393)/amd64 in the manifest
list entries.
Hint: the list offers linux/amd64, windows(10.0.26100.6584)/amd64,`);
  });

  it('gives one JSON document', async () => {
    const { stdout } = await compat(['--json', '--host-version', 'ltsc2025', single.reference]);
    expect(JSON.parse(stdout)).to.deep.equal({
      apiVersion: 'porthole/v1',
      host: {
        osVersion: '10.0.26100',
        sku: 'server',
        hypervAvailable: true,
        processIsolationAvailable: true,
        backend: 'hcs',
        architecture: 'amd64',
        name: 'Windows Server 2025',
      },
      knownIssues: '2026-09-30',
      images: [
        {
          reference: single.reference,
          source: 'local',
          kind: 'manifest',
          digest: digest('5'),
          runs: true,
          isolation: 'process',
          reason: 'image and host have the same build, 26100',
          warnings: [],
          knownIssues: [
            {
              id: 'servercore-2025-slow-start',
              host: [26100, 26299],
              image: [26100, 26100],
              isolation: 'process',
              repository: 'servercore',
              symptom: 'servercore:ltsc2025 takes minutes to start with process isolation',
              advice: 'use --isolation=hyperv, nanoserver, or the ltsc2022 tag',
              reference: 'https://github.com/microsoft/Windows-Containers/issues/647',
            },
            {
              id: 'server-2025-process-fails',
              host: [26100, 26100],
              image: [26100, 26100],
              isolation: 'process',
              repository: 'servercore',
              symptom:
                'ltsc2025 images fail with process isolation on some Server 2025 hosts, nanoserver works',
              advice: 'install the current cumulative update, or use --isolation=hyperv',
              reference: 'https://github.com/docker/for-win/issues/14287',
            },
          ],
          platforms: [
            {
              digest: digest('5'),
              os: 'windows',
              architecture: 'amd64',
              osVersion: '10.0.26100.6584',
              chosen: true,
              process: { works: true },
              hyperv: { works: true },
              isolation: 'process',
            },
          ],
        },
      ],
    });
  });

  it('refuses bad usage', async () => {
    const cases: [string[], string][] = [
      [
        ['--host-version', 'vista', 'x'],
        'unknown host version "vista"\nHint: give 10.0.BUILD.REVISION, a build, or one of ltsc2016,',
      ],
      [['--host-version', '10.0', 'x'], 'unknown host version "10.0"'],
      [['--host-version', '10.0.123456', 'x'], 'unknown host version "10.0.123456"'],
      [['--host-version', '', 'x'], '--host-version is empty'],
      [['--host-version', '20348', '--host-sku', 'toaster', 'x'], 'unknown --host-sku "toaster"'],
      [['--no-hyperv', 'x'], '--no-hyperv goes with --host-version'],
      [['--isolation', 'jail', 'x'], 'unknown --isolation "jail": use process or hyperv'],
    ];
    for (const [argv, text] of cases) {
      const { exitCode, stderr, stdout } = await compat(argv);
      expect([exitCode, stdout]).to.deep.equal([125, '']);
      expect(stderr.startsWith(text), stderr).to.equal(true);
    }
  });

  it('reads another table of known issues', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'porthole-issues-'));
    try {
      const file = join(folder, 'issues.json');
      const issue = {
        id: 'mine',
        host: [20348, 20348],
        image: [20348, 20348],
        symptom: 'it hums',
        advice: 'sing along',
        reference: 'https://example.com/1',
      };
      writeFileSync(file, JSON.stringify({ version: '2027-01-01', issues: [issue] }));
      expect((await compat(['--known-issues', file, list.reference])).stdout).to.match(
        /\nKnown issue: it hums: sing along\n {2}https:\/\/example\.com\/1\n$/,
      );
      writeFileSync(file, '{}');
      expect((await compat(['--known-issues', file, list.reference])).stderr).to.equal(
        `${file}: this is no table of known issues: it needs "version" and "issues"\n`,
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('porthole compat with a registry', () => {
  let registry: ScriptedRegistry;
  let root: string;
  before(async () => {
    registry = await ScriptedRegistry.start();
    root = mkdtempSync(join(tmpdir(), 'porthole-compat-'));
  });
  after(async () => {
    await registry.stop();
    rmSync(root, { recursive: true });
  });
  const run = (...argv: string[]): Promise<CommandRun> => {
    const deps = { environment: testEnvironment(root), paths: dataPaths(root) };
    const engine = {
      system: { host: async () => isolationHost({ read: async () => goodWindows }) },
      images: {
        platforms: (name: string, options: PlatformsOptions) => imagePlatforms(deps, name, options),
      },
    } as unknown as Engine;
    return runCommand(['compat', ...argv], { engine, now: Date.UTC(2026, 0, 1) });
  };

  it('asks nobody for scratch', async () => {
    const asked = registry.requests.length;
    expect((await run('scratch')).stderr).to.include("'scratch' is a reserved name");
    expect(registry.requests).to.have.length(asked);
  });

  it('reads lists and configurations, and fetches no layer', async () => {
    const old = randomImage({ seed: 1, osVersion: '10.0.17763.100' });
    const fitting = randomImage({ seed: 2, osVersion: '10.0.20348.100' });
    for (const image of [old, fitting]) registry.addImage('app', image.configDigest.slice(-6), image);
    const entry = (image: typeof old, osVersion: string) => ({
      mediaType: image.manifestType,
      digest: image.manifestDigest,
      size: image.manifest.length,
      platform: { os: 'windows', architecture: 'amd64', 'os.version': osVersion },
    });
    const attestation = { ...entry(old, ''), platform: { os: 'unknown', architecture: 'unknown' } };
    const index = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: mediaTypes.dockerManifestList,
        manifests: [entry(old, '10.0.17763.100'), entry(fitting, '10.0.20348.100'), attestation],
      }),
    );
    registry.addManifest('app', 'all', index, mediaTypes.dockerManifestList);

    const listed = await run(`${registry.address}/app:all`);
    expect(listed.stderr).to.equal('');
    expect(listed.stdout).to.contain(`${registry.address}/app:all (a list of 2, at the registry)

  PLATFORM        OS VERSION       PROCESS   HYPER-V   DEFAULT
  windows/amd64   10.0.17763.100   no        yes       hyperv
* windows/amd64   10.0.20348.100   yes       yes       process

Runs with process isolation: image and host have the same build, 20348.
`);
    const one = await run(`${registry.address}/app:${old.configDigest.slice(-6)}`);
    expect(one.stdout).to.contain('(one image, at the registry)');
    expect(one.stdout).to.contain('* windows/amd64   10.0.17763.100   no        yes       hyperv\n');
    expect(registry.log(({ path }) => path.includes('/blobs/'))).to.deep.equal([
      `GET /v2/app/blobs/${old.configDigest}`,
    ]);
  });

  it('goes on after an image that cannot be looked up, and ends with 1', async () => {
    const image = randomImage({ seed: 3, osVersion: '10.0.20348.100' });
    registry.addImage('ok', 'latest', image);
    const { stdout, stderr, exitCode } = await run(`${registry.address}/nope`, `${registry.address}/ok`);
    expect(exitCode).to.equal(1);
    expect(stdout).to.contain(`${registry.address}/ok:latest (one image, at the registry)`);
    expect(stderr).to.match(
      /^Error response from daemon: manifest for 127\.0\.0\.1:\d+\/nope:latest not found: /,
    );
  });

  it('says when the registry cannot be reached', async () => {
    const other = await ScriptedRegistry.start();
    const { address } = other;
    await other.stop();
    const { stderr, exitCode } = await run(`${address}/app`);
    expect(exitCode).to.equal(1);
    expect(stderr).to.contain(address);
    expect(stderr).to.match(/connection refused/);
  });

  it('says what is wrong with a reference', async () => {
    const { stderr, exitCode } = await run('Not/Valid');
    expect(exitCode).to.equal(1);
    expect(stderr).to.match(/invalid reference format: repository name \(\S+\) must be lowercase/);
  });
});
