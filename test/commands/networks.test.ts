import { expect } from 'chai';
import type { RecordedRoute } from '../support/conformance.ts';
import { runCommand } from '../support/command-host.ts';
import type { CommandScene } from '../support/command-host.ts';
import { ScriptedEngine } from '../support/scripted-engine.ts';

async function run(line: string, routes: RecordedRoute[], scene: Partial<CommandScene> = {}) {
  const engine = new ScriptedEngine(routes);
  const result = await runCommand(line.split(' '), { engine, ...scene });
  return { ...result, requests: engine.requests.map(({ method, target }) => `${method} ${target}`) };
}

const missing = (name: string): RecordedRoute => ({
  method: 'DELETE',
  path: `/networks/${name}`,
  status: 404,
  json: { message: `network ${name} not found` },
});

describe('network commands', () => {
  it('list in natural order', async () => {
    const networks = ['net10', 'net2', 'nat'].map((name) => ({
      Name: name,
      Id: name.repeat(20),
      Driver: 'nat',
      Scope: 'local',
    }));
    const routes: RecordedRoute[] = [{ method: 'GET', path: '/networks', json: networks }];

    expect((await run('network ls', routes)).stdout).to.equal(
      'NETWORK ID     NAME      DRIVER    SCOPE\nnatnatnatnat   nat       nat       local\nnet2net2net2   net2      nat       local\nnet10net10ne   net10     nat       local\n',
    );
    expect((await run('network list -q --no-trunc', routes)).stdout).to.equal(
      networks
        .map(({ Id: id }) => id)
        .reverse()
        .map((id) => `${id}\n`)
        .join(''),
    );
    expect((await run('network ls --format raw', routes)).stdout).to.match(
      /^network_id: natnatnatnat\nname: nat\ndriver: nat\nscope: local\n\n/,
    );
  });

  it('print the ID and the engine’s warning of a created one', async () => {
    const route: RecordedRoute = {
      method: 'POST',
      path: '/networks/create',
      json: { Id: 'n1', Warning: 'careful' },
    };

    expect(await run('network create x', [route])).to.deep.include({
      stdout: 'n1\n',
      stderr: 'WARNING: careful\n',
    });
  });

  it('remove several, with Docker’s last line after a failure', async () => {
    const routes: RecordedRoute[] = [missing('a'), { method: 'DELETE', path: '/networks/b', status: 204 }];

    expect(await run('network rm a b', routes)).to.deep.include({
      exitCode: 1,
      stdout: 'b\n',
      stderr: 'Error response from daemon: network a not found\nexit status 1\n',
    });
    expect(await run('network rm -f a b', routes)).to.deep.include({
      exitCode: 0,
      stdout: 'b\n',
      stderr: '',
    });
    expect(JSON.parse((await run('network rm --json a b', routes)).stdout)).to.deep.nested.include({
      'error.message': 'Error response from daemon: network a not found',
    });
  });

  it('only look with --dry-run', async () => {
    const routes: RecordedRoute[] = [
      { method: 'GET', path: '/networks/a', json: {} },
      { method: 'POST', path: '/networks/prune', json: { NetworksDeleted: ['a'] } },
    ];

    expect(await run('network rm --dry-run a', routes)).to.deep.include({
      stdout: 'a\n',
      requests: ['GET /networks/a'],
    });
    expect(await run('network prune --dry-run', routes)).to.deep.include({
      stdout: 'Would delete networks:\na\n\n',
      requests: ['POST /networks/prune?dryRun=1'],
    });
  });

  it('connect and disconnect without a word', async () => {
    const routes: RecordedRoute[] = [{ method: 'POST', path: '/networks/n/(dis)?connect', status: 200 }];

    expect(await run('network connect --ip 172.28.0.9 n c', routes)).to.deep.include({
      exitCode: 0,
      stdout: '',
      stderr: '',
    });
    expect(await run('network disconnect -f n c', routes)).to.deep.include({
      exitCode: 0,
      stdout: '',
      stderr: '',
    });
  });
});
