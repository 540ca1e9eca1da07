import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { flagError, parseFlags } from '../../../src/cli/argv.ts';
import { containerFlagAliases, containerFlags } from '../../../src/cli/requests/container-flags.ts';
import { toCreateRequest } from '../../../src/cli/requests/create.ts';
import type { Client } from '../../../src/cli/requests/client.ts';
import type { ParsedFlags } from '../../../src/cli/flag.ts';
import { PortholeError } from '../../../src/errors/porthole-error.ts';
import { conformance, recordedCases } from '../../support/conformance.ts';

/** What the released client of docker-cli.md 1.3 sent for the flags; keys of `body` are paths into the plain request. */
interface FixtureCase {
  args: string[];
  files?: Record<string, string>;
  env?: Record<string, string>;
  error?: string;
  body?: Record<string, unknown>;
}

const fixtures = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../fixtures/cli/requests/create.json'), 'utf8'),
) as FixtureCase[];

function client(
  scene: Pick<FixtureCase, 'files' | 'env'> = {},
  platform: Client['platform'] = 'linux',
): Client {
  return {
    platform,
    env: scene.env ?? {},
    cwd: platform === 'win32' ? 'C:\\work' : '/WD',
    homeDir: platform === 'win32' ? 'C:\\Users\\me' : '/home/me',
    readFile: async (path) => {
      if (path === '.') throw Object.assign(new Error('EISDIR'), { code: 'EISDIR', syscall: 'read' });
      const text = scene.files?.[path];
      if (text === undefined)
        throw Object.assign(new Error('ENOENT'), { code: 'ENOENT', syscall: 'open', path });
      return Buffer.from(text);
    },
  };
}

async function build(args: readonly string[], scene: Client, detachable = false) {
  const specs = { ...containerFlags, detach: { type: 'bool', char: 'd', description: '' } } as const;
  const { values } = parseFlags(args, detachable ? specs : containerFlags, {
    interspersed: false,
    aliases: containerFlagAliases,
  });
  const parsed = values as ParsedFlags<typeof containerFlags>;
  const [image, ...command] = parsed.args;
  return toCreateRequest({ ...parsed, image: image!, command }, scene);
}

/** The plain request with `changes` applied: `-path` removes. */
function patched(base: unknown, changes: Record<string, unknown>): unknown {
  const copy = structuredClone(base) as Record<string, unknown>;
  for (const [path, value] of Object.entries(changes)) {
    const steps = path.replace(/^-/, '').split('|');
    const last = steps.pop()!;
    const parent = steps.reduce((node, step) => node[step] as Record<string, unknown>, copy);
    if (path.startsWith('-')) delete parent[last];
    else parent[last] = value;
  }
  return copy;
}

describe('create requests', () => {
  it('sends every field of the plain request in the order of Docker’s client', async () => {
    const request = await build(['app'], client());

    expect(Object.keys(request).join(' ')).to.equal(
      'Hostname Domainname User AttachStdin AttachStdout AttachStderr Tty OpenStdin StdinOnce Env Cmd Image Volumes WorkingDir Entrypoint OnBuild Labels HostConfig NetworkingConfig',
    );
    expect(Object.keys(request.HostConfig).join(' ')).to.equal(
      'Binds ContainerIDFile LogConfig NetworkMode PortBindings RestartPolicy AutoRemove VolumeDriver VolumesFrom ConsoleSize CapAdd CapDrop CgroupnsMode Dns DnsOptions DnsSearch ExtraHosts GroupAdd IpcMode Cgroup Links OomScoreAdj PidMode Privileged PublishAllPorts ReadonlyRootfs SecurityOpt UTSMode UsernsMode ShmSize Isolation CpuShares Memory NanoCpus CgroupParent BlkioWeight BlkioWeightDevice BlkioDeviceReadBps BlkioDeviceWriteBps BlkioDeviceReadIOps BlkioDeviceWriteIOps CpuPeriod CpuQuota CpuRealtimePeriod CpuRealtimeRuntime CpusetCpus CpusetMems Devices DeviceCgroupRules DeviceRequests MemoryReservation MemorySwap MemorySwappiness OomKillDisable PidsLimit Ulimits CpuCount CpuPercent IOMaximumIOps IOMaximumBandwidth MaskedPaths ReadonlyPaths',
    );
  });

  describe('as the released client builds them', () => {
    for (const scene of fixtures) {
      it(JSON.stringify(scene.args) + (scene.files ? ` ${JSON.stringify(scene.files)}` : ''), async () => {
        const plain = await build(['app'], client());
        let outcome: { request?: unknown; error?: string };
        try {
          outcome = { request: await build([...scene.args, 'app'], client(scene)) };
        } catch (error) {
          const text = (error as Error).message;
          outcome = { error: error instanceof PortholeError ? `docker: ${text}` : text };
        }

        if (scene.error === undefined) {
          expect(outcome.request).to.deep.equal(patched(plain, scene.body!));
        } else expect(outcome.error).to.equal(scene.error);
      });
    }
  });

  describe('recorded requests', () => {
    const cases = ['create', 'run']
      .flatMap((group) => recordedCases(group))
      .flatMap((scene) => {
        const request = scene.expect.requests.find(({ target }) => target.includes('/containers/create'));
        return request ? [{ scene, body: request.body }] : [];
      });
    before(function () {
      if (!conformance) this.skip();
    });
    it(`are there (skipped without ../shared/conformance)`, () => expect(cases.length).to.be.greaterThan(30));
    for (const { scene, body } of cases) {
      it(scene.name, async () => {
        const request = await build(scene.args.slice(1), client(scene), scene.args[0] === 'run');

        expect(JSON.stringify(request)).to.equal(JSON.stringify(body));
      });
    }
  });

  describe('beyond Docker', () => {
    it('expands ~ and makes relative binds absolute with the rules of Windows', async () => {
      const args = [
        '-v',
        '~\\data:C:\\a',
        '-v',
        '.\\sub:C:\\b',
        '-v',
        '..:C:\\c',
        '-v',
        'C:/x:C:/y',
        '--mount',
        'type=bind,src=~,dst=C:\\d',
        'app',
      ];
      const { HostConfig } = await build(args, client({}, 'win32'));

      expect(HostConfig.Binds).to.deep.equal([
        'C:\\Users\\me\\data:C:\\a',
        'C:\\work\\sub:C:\\b',
        'C:\\:C:\\c',
        'C:/x:C:/y',
      ]);
      expect(HostConfig.Mounts![0]!.Source).to.equal('C:\\Users\\me');
    });

    it('says why a host part is empty when PowerShell read $PWD: as a drive', async () => {
      const error = await build(['-v', ':C:\\src', 'app'], client()).catch((caught: unknown) => caught);

      expect(error).to.include({
        message: 'invalid spec: :C:\\src: empty section between colons',
        hint: 'the host part is empty; in PowerShell write "${PWD}:C:\\target", because $PWD: names a drive',
      });
    });

    it('reads variables of a Windows client in any case', async () => {
      const { Env } = await build(['-e', 'path', 'app'], client({ env: { Path: 'C:\\bin' } }, 'win32'));

      expect(Env).to.deep.equal(['path=C:\\bin']);
    });

    it('treats nat as built in on a Windows client, as its Docker does', async () => {
      const error = await build(
        ['--network', 'nat', '--network-alias', 'x', 'app'],
        client({}, 'win32'),
      ).catch((caught: unknown) => caught);

      expect(error).to.include({
        message: 'network-scoped aliases are only supported for user-defined networks',
      });
    });

    it('names the cause when a raw credential spec lost its quotes', async () => {
      const error = await build(
        ['--security-opt', 'credentialspec=raw://{CmsPlugins:[x]}', 'app'],
        client(),
      ).catch((caught: unknown) => caught);

      expect(error)
        .to.have.property('hint')
        .that.matches(/PowerShell strips double quotes/);
    });

    it('adds the proxies of the client configuration where -e does not set them', async () => {
      const { values } = parseFlags(['-e', 'HTTP_PROXY=mine', 'app'], containerFlags, {
        interspersed: false,
      });
      const parsed = values as ParsedFlags<typeof containerFlags>;
      const request = await toCreateRequest(
        { ...parsed, image: 'app', command: [], proxies: ['HTTP_PROXY=p', 'http_proxy=p'] },
        client(),
      );

      expect(request.Env).to.deep.equal(['HTTP_PROXY=mine', 'http_proxy=p']);
    });
  });

  it('gives flag errors the usage line of the command', () => {
    const error = flagError({ path: 'docker run', usage: 'docker run [OPTIONS] IMAGE' }, new Error('x'));

    expect(error).to.include({
      message: "x\n\nUsage:  docker run [OPTIONS] IMAGE\n\nRun 'docker run --help' for more information",
      exitCode: 125,
    });
  });
});
