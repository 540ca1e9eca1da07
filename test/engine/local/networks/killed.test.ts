import { expect } from 'chai';
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createNetworks } from '../../../../src/engine/local/networks/networks.ts';
import { createLinuxNetwork, type LinuxNetwork } from '../../../../src/host/linux/network.ts';
import { dataPaths, type DataPaths } from '../../../../src/state/paths.ts';
import { enterOwnNetwork, type OwnNetwork } from '../../../support/own-netns.ts';

const kills = Number(process.env['PORTHOLE_NETWORK_KILLS'] ?? 10);
/** Tells our namespaces from those of others. */
const mark = randomBytes(2).toString('hex');

describe('networks of killed processes', function () {
  this.timeout(kills * 6000);
  let own: OwnNetwork | undefined;
  let root: string;
  let paths: DataPaths;
  let port: LinuxNetwork;

  before('in a network namespace of its own (root only)', function () {
    const entered = enterOwnNetwork();
    if ('reason' in entered) this.skip();
    else own = entered;
    root = mkdtempSync(join(tmpdir(), 'porthole-killed-'));
    paths = dataPaths(root);
    port = createLinuxNetwork({ environment, paths, worker: { nodePath: process.execPath, worker: '' } });
  });
  after(() => {
    if (root !== undefined) rmSync(root, { recursive: true, force: true });
    own?.leave();
  });

  const environment = {
    newId: (): string => mark + randomBytes(30).toString('hex'),
    now: Date.now,
    env: process.env,
    elevated: true,
  };

  it('leave nothing behind after the next command, whenever they were killed', async () => {
    const networks = createNetworks({
      environment,
      paths,
      network: async () => port,
      containers: { find: () => Promise.reject(new Error('unused')) },
      emit: () => undefined,
    });
    // Two at a time, as commands and monitors of different containers are.
    for (let round = 0; round < kills / 2; round += 1) {
      await Promise.all(
        [0, 1].map(async (side) => {
          const id = `${side}${round.toString(16)}`.padEnd(64, 'ab');
          mkdirSync(paths.container(id), { recursive: true });
          const churn = join(import.meta.dirname, '../../../support/network-churn.ts');
          const child = spawn(process.execPath, [churn, root, id, mark], {
            stdio: ['ignore', 'pipe', 'inherit'],
          });
          const exit = once(child, 'exit');
          await Promise.race([once(child.stdout, 'data'), exit]);
          // Mostly while the first network is made, and sometimes after many.
          await delay(Math.random() ** 3 * 2000);
          child.kill('SIGKILL');
          expect(await exit, 'it fails by itself').to.deep.equal([null, 'SIGKILL']);
        }),
      );
      await networks.containers.reconcile(() => false);
    }
    const kinds = ['networks', 'endpoints', 'namespaces'].map((kind) => join(paths.hns, kind));
    // Kills seldom come in the middle of a write.
    for (const kind of kinds) mkdirSync(kind, { recursive: true });
    for (const kind of kinds) writeFileSync(join(kind, `.x.json.${2 ** 22 + 1}.1.tmp`), '');
    await port.deleteNamespace(await port.createNamespace());
    for (const kind of kinds) expect(readdirSync(kind).filter((name) => name.endsWith('.tmp'))).to.be.empty;

    expect(await port.listEndpoints()).to.deep.equal([]);
    expect(await port.listNamespaces()).to.deep.equal([]);
    expect(namespaces()).to.deep.equal([]);
    const hnsNetworks = await port.listNetworks();
    expect(hnsNetworks.length, 'networks').to.be.at.most(1);
    const nat = await networks.role.list({ filters: { name: ['^nat$'] } });
    expect(nat).to.have.length(1);

    for (const { ID } of hnsNetworks) await port.deleteNetwork(ID!);
    expect(links()).to.deep.equal([]);
    expect(execFileSync('nft', ['list', 'tables'], { encoding: 'utf8' })).to.not.include('porthole');
    for (const id of readdirSync(paths.containers)) networks.containers.forget(id);
    expect(readdirSync(paths.locks).filter((name) => /^(network-[0-9a-f]|hns-)/.test(name))).to.deep.equal(
      [],
    );
  });
});

function namespaces(): string[] {
  return readdirSync('/run/netns').filter((name) => name.startsWith(`porthole-${mark}`));
}

function links(): string[] {
  const text = execFileSync('ip', ['-brief', 'link'], { encoding: 'utf8' });
  return text.split('\n').filter((line) => /^ph/.test(line));
}
