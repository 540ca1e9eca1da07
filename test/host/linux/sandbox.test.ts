import { expect } from 'chai';
import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { ContainerV2Document } from '../../../src/hcs/documents.ts';
import { sandboxPids } from '../../../src/host/linux/system-statistics.ts';
import { isAlive, type ProcessIdentity } from '../../../src/state/process-identity.ts';
import type { ComputeSystem } from '../../../src/host/ports/compute.ts';
import { openTestHost, whyNoWine, type TestHost } from '../../support/linux-host.ts';
import { runProgram } from '../../support/run-program.ts';

const why = whyNoWine();

describe(`sandboxes${why === undefined ? '' : ` (skipped: ${why})`}`, function () {
  this.timeout(60_000);
  let host: TestHost;
  const running = new Set<ComputeSystem>();

  before(function () {
    if (why !== undefined) return this.skip();
    host = openTestHost();
  });
  afterEach(async () => {
    for (const system of running) await end(system);
  });
  after(() => host?.dispose());

  async function start(
    id = host.environment.newId(),
    options: { layers?: string[]; container?: Partial<ContainerV2Document['Container']> } = {},
  ): Promise<ComputeSystem> {
    const system = await host.compute.create(id, host.document(id, options));
    running.add(system);
    await system.start();
    return system;
  }

  async function end(system: ComputeSystem): Promise<void> {
    running.delete(system);
    await system.terminate().catch(() => undefined);
    await system.waitExit();
  }

  function firstPid(system: ComputeSystem): number {
    const record = readFileSync(join(host.paths.run, system.id, 'system.json'), 'utf8');
    return (JSON.parse(record) as { sandbox: { pid: number } }).sandbox.pid;
  }

  function scratch(system: ComputeSystem, ...path: string[]): string {
    return join(host.paths.windowsfilter, system.id, ...path);
  }

  it('do not see each other', async () => {
    const [one, two] = await Promise.all([start(), start()]);
    await runProgram(one, 'cmd /c echo secret> C:\\one.txt');
    await runProgram(one, 'reg add HKLM\\Software\\One /v v /d secret /f');
    await runProgram(one, 'setx ONE secret /m');

    expect((await runProgram(two, 'cmd /c type C:\\one.txt')).exitCode).to.not.equal(0);
    expect((await runProgram(two, 'reg query HKLM\\Software\\One')).exitCode).to.not.equal(0);
    expect((await runProgram(two, 'cmd /c echo %ONE%')).out).to.equal('%ONE%\r\n');
    const names = await Promise.all(
      [one, two].map(async (system) => (await runProgram(system, 'hostname')).out.trim()),
    );
    expect(names[0]).to.not.equal(names[1]);
    const waiting = await one.createProcess({ CommandLine: 'timeout 60' });
    expect((await two.processes()).length).to.equal(0);
    expect((await runProgram(two, 'tasklist')).out).to.not.include('timeout');
    await waiting.kill();
  });

  it('see a minimal root, read-only, and none of the host', async () => {
    const system = await start();
    const root = `/proc/${firstPid(system)}/root`;
    expect(readdirSync(root).sort()).to.deep.equal(
      ['bin', 'c', 'dev', 'etc', 'io', 'launcher', 'lib', 'lib64', 'pfx', 'proc', 'tmp', 'usr'].filter(
        (name) => existsSync(join(root, name)),
      ),
    );
    expect(() => writeFileSync(join(root, 'x'), '')).to.throw(/EROFS/);
    expect(() => writeFileSync(join(root, 'usr', 'x'), '')).to.throw(/EROFS/);
    expect(readFileSync(`/proc/${firstPid(system)}/mounts`, 'utf8')).to.not.include(' /old');
    expect((await runProgram(system, 'cmd /c dir Z:\\')).exitCode).to.not.equal(0);
  });

  it('hold no capability, gain no privilege and filter system calls', async () => {
    const system = await start();
    const waiting = await system.createProcess({ CommandLine: 'timeout 60' });
    const pids = sandboxPids(firstPid(system));
    expect(pids.length).to.be.greaterThan(3);
    for (const pid of pids) {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      expect(status).to.match(/^CapEff:\t0+$/m);
      expect(status).to.match(/^CapPrm:\t0+$/m);
      expect(status).to.match(/^CapBnd:\t0+$/m);
      expect(status).to.match(/^NoNewPrivs:\t1$/m);
      expect(status).to.match(/^Seccomp:\t2$/m);
    }
    await waiting.kill();
  });

  it('have no random addresses, of which Wine would meet one in some thousand that it cannot start with', async () => {
    const system = await start();
    const waiting = await system.createProcess({ CommandLine: 'timeout 60' });
    const pids = sandboxPids(firstPid(system));
    expect(pids.length).to.be.greaterThan(3);
    for (const pid of pids)
      expect(Number.parseInt(readFileSync(`/proc/${pid}/personality`, 'utf8'), 16) & 0x0040000).to.equal(
        0x0040000,
      );
    await waiting.kill();
  });

  it('show layers in order, and keep what the container changes in its scratch', async () => {
    const upper = host.layer('upper', { 'app/a.txt': 'upper' });
    const lower = host.layer('lower', {
      'app/a.txt': 'lower',
      'app/b.txt': 'lower',
      'Program Files/x.txt': 'x',
    });
    const system = await start(undefined, { layers: [upper, lower] });
    const type = async (path: string): Promise<string> =>
      (await runProgram(system, `cmd /c type ${path}`)).out;

    expect(await type('C:\\APP\\A.TXT')).to.equal('upper');
    expect(await type('C:\\app\\b.txt')).to.equal('lower');
    await runProgram(system, 'cmd /c echo new> C:\\APP\\New.txt');
    await runProgram(system, 'cmd /c del C:\\app\\b.txt');
    await end(system);

    expect(readFileSync(scratch(system, 'diff', 'app', 'New.txt'), 'utf8')).to.match(/^new/);
    expect(readdirSync(scratch(system, 'diff')).sort()).to.deep.equal(['app']);
    expect(readFileSync(join(lower, 'Files', 'app', 'b.txt'), 'utf8')).to.equal('lower');
  });

  it("put Wine's files above Windows' own and below the application's", async () => {
    const base = host.layer('windows', {
      'Windows/System32/where.exe': 'not a program',
      'Windows/win.ini': 'base',
      'Windows/only.txt': 'base',
    });
    mkdirSync(join(base, 'UtilityVM'), { recursive: true });
    const app = host.layer('app', { 'Windows/win.ini': 'app' });
    const system = await start(undefined, { layers: [app, base] });

    expect((await runProgram(system, 'cmd /c type C:\\Windows\\win.ini')).out).to.equal('app');
    expect((await runProgram(system, 'cmd /c type C:\\Windows\\only.txt')).out).to.equal('base');
    expect((await runProgram(system, 'where cmd')).out).to.equal('C:\\Windows\\system32\\cmd.exe\r\n');
  });

  it('leave nothing in the scratch when nothing was changed', async () => {
    const system = await start();
    await runProgram(system, 'cmd /c ver');
    await end(system);

    expect(readdirSync(scratch(system, 'diff'))).to.deep.equal([]);
    expect(existsSync(scratch(system, 'Hives'))).to.equal(false);
    expect(existsSync(join(host.paths.run, system.id))).to.equal(false);
  });

  it('take names with special characters, and a hundred layers', async () => {
    const layers = Array.from({ length: 100 }, (_, index) =>
      host.layer(`odd, :name \\ ${index}`, { [`f${index}.txt`]: 'x' }),
    );
    const system = await start(undefined, { layers });
    expect((await runProgram(system, 'cmd /c dir /b C:\\f*.txt')).out.trim().split('\r\n').length).to.equal(
      100,
    );
  });

  describe('registry', () => {
    it('keeps changes for the next start, and for layers above', async () => {
      const id = host.environment.newId();
      const first = await start(id);
      await runProgram(first, 'reg add HKLM\\Software\\Acme /v Version /d "1 \\"x\\"" /f');
      await runProgram(first, 'reg add HKCU\\Software\\Acme /v User /t REG_DWORD /d 5 /f');
      await runProgram(
        first,
        'reg delete "HKLM\\Software\\Microsoft\\Windows\\CurrentVersion\\App Paths" /f',
      );
      await end(first);
      expect(
        readFileSync(join(host.paths.windowsfilter, id, 'Hives', 'porthole-system.delta'), 'utf8'),
      ).to.include('[Software\\\\Acme]\n"Version"="1 \\"x\\""\n');
      expect(
        readFileSync(join(host.paths.windowsfilter, id, 'Hives', 'porthole-user.delta'), 'utf8'),
      ).to.equal('PORTHOLE REGISTRY DELTA 1\n\n[Software\\\\Acme]\n"User"=dword:00000005\n\n');

      const again = await start(id);
      expect((await runProgram(again, 'reg query HKLM\\Software\\Acme /v Version')).out).to.include('1 "x"');
      await runProgram(again, 'reg add HKLM\\Software\\Acme /v Second /d 2 /f');
      await end(again);
      expect(
        readFileSync(join(host.paths.windowsfilter, id, 'Hives', 'porthole-system.delta'), 'utf8'),
      ).to.include('"Second"="2"\n"Version"="1 \\"x\\""\n');

      const layer = host.layer('registry', {});
      mkdirSync(join(layer, 'Hives'), { recursive: true });
      for (const name of ['porthole-system.delta', 'porthole-user.delta'])
        writeFileSync(
          join(layer, 'Hives', name),
          readFileSync(join(host.paths.windowsfilter, id, 'Hives', name)),
        );
      const above = await start(undefined, { layers: [layer] });
      expect((await runProgram(above, 'reg query HKCU\\Software\\Acme /v User')).out).to.include('0x5');
      await runProgram(above, 'reg delete HKLM\\Software\\Acme /v Second /f');
      await end(above);
      expect(readFileSync(scratch(above, 'Hives', 'porthole-system.delta'), 'utf8')).to.equal(
        'PORTHOLE REGISTRY DELTA 1\n\n[Software\\\\Acme]\n"Second"=-\n\n',
      );
    });

    it('has the values of the document, which are no change of the container', async () => {
      const system = await start(undefined, {
        container: {
          RegistryChanges: {
            AddValues: [
              { Key: { Hive: 'Software', Name: 'Acme' }, Name: 'Given', Type: 'DWord', DWordValue: 7 },
            ],
          },
        },
      });
      expect((await runProgram(system, 'reg query HKLM\\Software\\Acme /v Given')).out).to.include('0x7');
      await end(system);
      expect(existsSync(scratch(system, 'Hives'))).to.equal(false);
    });

    it('refuses a damaged layer', async () => {
      const layer = host.layer('damaged', {});
      mkdirSync(join(layer, 'Hives'), { recursive: true });
      writeFileSync(join(layer, 'Hives', 'porthole-system.delta'), 'nonsense');
      const error = await start(undefined, { layers: [layer] }).then(
        () => undefined,
        (thrown: { hresult: number }) => thrown,
      );
      expect(error?.hresult).to.equal(0x80370112);
    });
  });

  describe('mapped directories', () => {
    it('are writable or not, in existing spelling, on any drive', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'porthole-map-'));
      writeFileSync(join(folder, 'given.txt'), 'given');
      const layer = host.layer('with-data', { 'Data/Sub/x.txt': 'x' });
      const system = await start(undefined, {
        layers: [layer],
        container: {
          MappedDirectories: [
            { HostPath: folder, ContainerPath: 'C:\\data\\new' },
            { HostPath: folder, ContainerPath: 'D:\\', ReadOnly: true },
            { HostPath: join(folder, 'given.txt'), ContainerPath: 'C:\\one.txt', ReadOnly: true },
          ],
        },
      });
      expect((await runProgram(system, 'cmd /c type C:\\DATA\\NEW\\GIVEN.TXT')).out).to.equal('given');
      expect((await runProgram(system, 'cmd /c type d:\\given.txt')).out).to.equal('given');
      expect((await runProgram(system, 'cmd /c type C:\\one.txt')).out).to.equal('given');
      await runProgram(system, 'cmd /c echo x> D:\\no.txt');
      expect(existsSync(join(folder, 'no.txt'))).to.equal(false);
      await runProgram(system, 'cmd /c echo written> C:\\Data\\new\\out.txt');
      expect(readFileSync(join(folder, 'out.txt'), 'utf8')).to.match(/^written/);
      await end(system);
      expect(readdirSync(scratch(system, 'diff'))).to.deep.equal(['Data', 'one.txt']);
      rmSync(folder, { recursive: true });
    });

    for (const [what, mapping, code] of [
      ['that do not exist', { HostPath: '/nowhere/at/all', ContainerPath: 'C:\\x' }, 0x80070003],
      ['onto the drive itself', { HostPath: '/tmp', ContainerPath: 'C:\\' }, 0x8007007b],
      ['that are no path of a drive', { HostPath: '/tmp', ContainerPath: '\\\\server\\share' }, 0x8007007b],
    ] as const)
      it(`are refused ${what}`, async () => {
        const error = await start(undefined, { container: { MappedDirectories: [mapping] } }).then(
          () => undefined,
          (thrown: { hresult: number }) => thrown,
        );
        expect(error?.hresult).to.equal(code);
        expect(readdirSync(host.paths.run)).to.deep.equal([]);
      });
  });

  describe('ends', () => {
    it('tell programs of a shutdown and let them finish', async () => {
      const system = await start(undefined, {
        container: {
          RegistryChanges: {
            AddValues: [
              {
                Key: { Hive: 'System', Name: 'ControlSet001\\Control' },
                Name: 'WaitToKillServiceTimeout',
                Type: 'String',
                StringValue: '2147483647',
              },
            ],
          },
        },
      });
      const child = await system.createProcess({ CommandLine: 'timeout 60', CreateStdOutPipe: true });
      const exit = child.waitExit();
      await system.shutdown();
      expect(await system.waitExit()).to.deep.equal({ kind: 'shutdown' });
      await exit;
    });

    it('of a paused system work too', async () => {
      const system = await start();
      const child = await system.createProcess({ CommandLine: 'timeout 60' });
      await system.pause();
      await system.terminate();
      expect(await system.waitExit()).to.deep.equal({ kind: 'terminated' });
      expect((await child.waitExit()).exitCode).to.equal(1067);
    });

    for (const [signal, name] of [
      [0, 'CtrlC'],
      [1, 'CtrlBreak'],
      [2, 'CtrlClose'],
      [6, 'CtrlShutdown'],
    ] as const)
      it(`of programs come by ${name} (event ${signal})`, async () => {
        const system = await start();
        const child = await system.createProcess({ CommandLine: 'timeout 60' });
        expect(await child.signal(name)).to.equal(true);
        await child.waitExit();
        expect(await child.signal(name)).to.equal(false);
      });

    it('by the death of the owner leave no process, mount or group, and the registry', async () => {
      const root = mkdtempSync(join(tmpdir(), 'porthole-owner-'));
      const owner = spawn(
        process.execPath,
        [
          '--no-warnings',
          join(import.meta.dirname, '../../support/sandbox-owner.ts'),
          root,
          'cmd /c reg add HKLM\\Software\\Left /v v /d kept /f & timeout 60',
        ],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      );
      const [line] = (await once(owner.stdout, 'data')) as [Buffer];
      const { id } = JSON.parse(line.toString()) as { id: string };
      const left = openTestHost({ root });
      const record = JSON.parse(readFileSync(join(left.paths.run, id, 'system.json'), 'utf8')) as {
        sandbox: ProcessIdentity;
        helper: ProcessIdentity;
      };
      const foreign = await left.compute.open(id);
      expect((await left.compute.list()).map(({ id, state }) => [id, state])).to.deep.equal([
        [id, 'Running'],
      ]);
      while (!(await foreign.processes()).some(({ imageName }) => imageName.startsWith('timeout')))
        await delay(20);
      expect((await foreign.statistics()).totalRuntime100ns > 0n).to.equal(true);

      owner.kill('SIGKILL');
      await once(owner, 'exit');
      expect(await left.compute.list()).to.deep.equal([]);
      await left.compute.cleanup(id);

      for (const identity of [record.sandbox, record.helper]) expect(isAlive(identity)).to.equal(false);
      expect(readFileSync('/proc/self/mounts', 'utf8')).to.not.include(root);
      expect(existsSync(join(left.paths.run, id))).to.equal(false);
      expect(leftGroups(id)).to.deep.equal([]);
      expect(
        readFileSync(join(left.paths.windowsfilter, id, 'Hives', 'porthole-system.delta'), 'utf8'),
      ).to.equal('PORTHOLE REGISTRY DELTA 1\n\n[Software\\\\Left]\n"v"="kept"\n\n');
      left.dispose();
    });

    it('of a system in other hands come by terminate', async () => {
      const root = mkdtempSync(join(tmpdir(), 'porthole-owner-'));
      const owner = spawn(
        process.execPath,
        ['--no-warnings', join(import.meta.dirname, '../../support/sandbox-owner.ts'), root, 'timeout 60'],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      );
      const [line] = (await once(owner.stdout, 'data')) as [Buffer];
      const { id } = JSON.parse(line.toString()) as { id: string };
      const other = openTestHost({ root });
      const foreign = await other.compute.open(id);
      await foreign.terminate();
      expect((await foreign.waitExit()).kind).to.equal('terminated');
      expect(await other.compute.list()).to.deep.equal([]);
      owner.kill('SIGKILL');
      await once(owner, 'exit');
      await other.compute.cleanup(id);
      other.dispose();
    });
  });

  it('run many at once', async () => {
    const systems = await Promise.all(Array.from({ length: 5 }, () => start()));
    const outs = await Promise.all(
      systems.map(async (system) => (await runProgram(system, 'cmd /c echo hi')).out),
    );
    expect(outs).to.deep.equal(Array.from({ length: 5 }, () => 'hi\r\n'));
  });
});

function leftGroups(id: string): string[] {
  const found: string[] = [];
  const look = (folder: string, depth: number): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (!entry.isDirectory()) continue;
      if (entry.name.includes(id)) found.push(join(folder, entry.name));
      else if (depth > 0) look(join(folder, entry.name), depth - 1);
    }
  };
  if (existsSync('/sys/fs/cgroup')) look('/sys/fs/cgroup', 4);
  return found;
}
