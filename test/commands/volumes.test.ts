import { expect } from 'chai';
import type { RecordedRoute } from '../support/conformance.ts';
import { runCommand } from '../support/command-host.ts';
import type { CommandScene } from '../support/command-host.ts';
import { ScriptedEngine } from '../support/scripted-engine.ts';

async function run(line: string, routes: RecordedRoute[], scene: Partial<CommandScene> = {}) {
  const engine = new ScriptedEngine(routes);
  const result = await runCommand(line.split(' '), { engine, ...scene });
  return { ...result, requests: engine.requests.map(({ method, target }) => `${method} ${target}`), engine };
}

const volume = (Name: string) => ({
  CreatedAt: '2026-01-02T03:04:05Z',
  Driver: 'local',
  Labels: { b: '2', a: '1' },
  Mountpoint: `C:\\volumes\\${Name}\\_data`,
  Name,
  Options: null,
  Scope: 'local',
});

const missing = (name: string): RecordedRoute => ({
  method: 'DELETE',
  path: `/volumes/${name}`,
  status: 404,
  json: { message: `get ${name}: no such volume` },
});

describe('volume commands', () => {
  it('list in natural order', async () => {
    const Volumes = ['data10', 'data2'].map(volume);
    const routes: RecordedRoute[] = [
      { method: 'GET', path: '/volumes', json: { Volumes, Warnings: ['careful'] } },
    ];

    expect(await run('volume ls', routes)).to.deep.include({
      stdout: 'DRIVER    VOLUME NAME\nlocal     data2\nlocal     data10\n',
      stderr: 'WARNING: careful\n',
    });
    expect((await run('volume list -q', routes)).stdout).to.equal('data2\ndata10\n');
    expect((await run('volume ls --format raw', routes)).stdout).to.equal(
      'name: data2\ndriver: local\n\nname: data10\ndriver: local\n\n',
    );
    expect(
      (await run('volume ls --format {{.Labels}}/{{.Size}}/{{.Links}}/{{.Status}}', routes)).stdout,
    ).to.equal('a=1,b=2/N/A/N/A/N/A\n'.repeat(2));
    expect((await run('volume ls --cluster', routes)).stdout).to.equal(
      'VOLUME NAME   GROUP     DRIVER    AVAILABILITY   STATUS\n',
    );
  });

  it('create under the name that was given once', async () => {
    const routes: RecordedRoute[] = [{ method: 'POST', path: '/volumes/create', json: volume('data') }];

    const made = await run('volume create --label a=b --opt o=size=1g data', routes);
    expect(made.stdout).to.equal('data\n');
    expect(made.engine.requests[0]!.body).to.deep.equal({
      Driver: 'local',
      DriverOpts: { o: 'size=1g' },
      Labels: { a: 'b' },
      Name: 'data',
    });
    expect(await run('volume create --name a b', routes)).to.deep.include({
      exitCode: 1,
      stderr:
        'conflicting options: cannot specify a volume-name through both --name and as a positional arg\n',
      requests: [],
    });
    expect(await run('volume create --group g data', routes)).to.deep.include({
      exitCode: 1,
      stderr: '--group is for cluster volumes, and there is no swarm here\n',
      requests: [],
    });
  });

  it('print what inspect finds in the order of Docker’s type', async () => {
    const { Name, ...others } = volume('data');
    const routes: RecordedRoute[] = [{ method: 'GET', path: '/volumes/data', json: { Name, ...others } }];

    const { stdout } = await run('volume inspect data', routes);
    expect(Object.keys((JSON.parse(stdout) as object[])[0]!)).to.deep.equal(Object.keys(volume('data')));
    expect((await run('volume inspect -f {{.Mountpoint}} data', routes)).stdout).to.equal(
      'C:\\volumes\\data\\_data\n',
    );
  });

  it('remove several, and go on after a failure', async () => {
    const routes: RecordedRoute[] = [missing('a'), { method: 'DELETE', path: '/volumes/b', status: 204 }];

    expect(await run('volume rm a b', routes)).to.deep.include({
      exitCode: 1,
      stdout: 'b\n',
      stderr: 'Error response from daemon: get a: no such volume\n',
    });
    expect(JSON.parse((await run('volume rm --json a b', routes)).stdout)).to.deep.nested.include({
      'error.message': 'get a: no such volume',
    });
  });

  it('only look with --dry-run', async () => {
    const routes: RecordedRoute[] = [
      { method: 'GET', path: '/volumes/a', json: volume('a') },
      { method: 'POST', path: '/volumes/prune', json: { VolumesDeleted: ['a'], SpaceReclaimed: 5 } },
    ];

    expect(await run('volume rm --dry-run a', routes)).to.deep.include({
      stdout: 'a\n',
      requests: ['GET /volumes/a'],
    });
    expect(await run('volume prune --dry-run', routes)).to.deep.include({
      stdout: 'Would delete volumes:\na\n\nTotal reclaimed space: 5B\n',
      requests: ['POST /volumes/prune?dryRun=1'],
    });
  });

  it('prune after a question', async () => {
    const routes: RecordedRoute[] = [
      { method: 'POST', path: '/volumes/prune', json: { VolumesDeleted: ['a'], SpaceReclaimed: 5 } },
    ];

    expect(await run('volume prune', routes, { stdin: 'n\n' })).to.deep.include({
      exitCode: 0,
      stdout:
        'WARNING! This will remove anonymous local volumes not used by at least one container.\nAre you sure you want to continue? [y/N] ',
      requests: [],
    });
    expect((await run('volume prune -a', routes, { stdin: 'y\n' })).stdout).to.equal(
      'WARNING! This will remove all local volumes not used by at least one container.\nAre you sure you want to continue? [y/N] Deleted Volumes:\na\n\nTotal reclaimed space: 5B\n',
    );
    expect(await run('volume prune -af --filter all=1', routes)).to.deep.include({
      exitCode: 1,
      stderr: 'conflicting options: cannot specify both --all and --filter all=1\n',
    });
  });
});
