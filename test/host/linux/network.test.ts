import { expect } from 'chai';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { HNS, HnsError } from '../../../src/hns/hns-error.ts';
import { iptablesRemoval, iptablesRules } from '../../../src/host/linux/firewall.ts';
import {
  bridgeName,
  firewallName,
  namespaceName,
  namespacePath,
} from '../../../src/host/linux/kernel-names.ts';
import type { NetworkLevel } from '../../../src/host/linux/network-level.ts';
import { createLinuxNetwork, type LinuxNetwork } from '../../../src/host/linux/network.ts';
import { dataPaths } from '../../../src/state/paths.ts';
import { networkContract } from '../../contract/network.ts';
import { programsIn } from '../../support/network-programs.ts';
import { enterOwnNetwork, type OwnNetwork } from '../../support/own-netns.ts';

interface Host {
  readonly root: string;
  readonly network: LinuxNetwork;
}

function aHost(level?: NetworkLevel, root = mkdtempSync(join(tmpdir(), 'porthole-net-'))): Host {
  const network = createLinuxNetwork({
    environment: {
      newId: () => randomBytes(32).toString('hex'),
      now: Date.now,
      env: process.env,
      elevated: process.getuid?.() === 0,
    },
    paths: dataPaths(root),
    worker: {
      nodePath: process.execPath,
      worker: join(import.meta.dirname, '../../../src/host/linux/port-worker.ts'),
    },
    ...(level === undefined ? {} : { level }),
  });
  return { root, network };
}

async function disposeOf({ network, root }: Host): Promise<void> {
  for (const id of await network.listNamespaces()) await network.deleteNamespace(id);
  for (const { ID } of await network.listNetworks()) await network.deleteNetwork(ID!);
  rmSync(root, { recursive: true, force: true });
}

/** One network namespace for all the tests of this file; nothing of the host's is touched. */
function inOwnNetwork(context: Mocha.Suite, tests: () => void): void {
  let own: OwnNetwork | undefined;
  context.beforeAll('in a network namespace of its own (root only)', function () {
    const entered = enterOwnNetwork();
    if ('reason' in entered) this.skip();
    else own = entered;
  });
  context.afterAll(() => own?.leave());
  tests();
}

describe('Linux network', function () {
  this.timeout(20_000);
  inOwnNetwork(this, () => {
    networkContract(
      'linux, root',
      async () => {
        const host = aHost('root');
        const inside = (namespaceId: string): ReturnType<typeof programsIn> =>
          programsIn([`--net=${namespacePath(namespaceName(namespaceId))}`]);
        return {
          network: host.network,
          freeSubnet: '10.77.0.0/24',
          traffic: {
            answerTcp: (id, port, answer) => inside(id).answerTcp(port, answer),
            answerUdp: (id, port, answer) => inside(id).answerUdp(port, answer),
            ask: (id, address, port, message) => inside(id).ask(address, port, message),
          },
          dispose: () => disposeOf(host),
        };
      },
      20_000,
    );
    networkContract('linux, loopback', async () => {
      const host = aHost('loopback');
      return { network: host.network, freeSubnet: '10.77.0.0/24', dispose: () => disposeOf(host) };
    });
    withRoot();
    withoutRoot();
  });
});

function withRoot(): void {
  describe('with root', () => {
    let host: Host;

    beforeEach(() => {
      host = aHost('root');
    });
    afterEach(() => disposeOf(host));

    const attached = async (
      name = 'nat',
      type = 'nat',
    ): Promise<{
      networkId: string;
      endpointId: string;
      namespaceId: string;
      address: string;
      gateway: string;
    }> => {
      const { network } = host;
      const known = (await network.listNetworks()).find((each) => each.Name === name);
      const on = known ?? (await network.createNetwork({ Name: name, Type: type }));
      const endpoint = await network.createEndpoint({ VirtualNetwork: on.ID! });
      const namespaceId = await network.createNamespace();
      await network.attachEndpoint(namespaceId, endpoint.ID!);
      return {
        networkId: on.ID!,
        endpointId: endpoint.ID!,
        namespaceId,
        address: endpoint.IPAddress!,
        gateway: endpoint.GatewayAddress!,
      };
    };
    const inside = (namespaceId: string): ReturnType<typeof programsIn> =>
      programsIn([`--net=${namespacePath(namespaceName(namespaceId))}`]);

    it('leaves no bridge, link, namespace, rule or file', async () => {
      const { networkId, endpointId, namespaceId } = await attached();
      await host.network.prepare(namespaceId, { hostName: 'web' });
      expect(ip('link')).to.include(bridgeName(networkId));
      expect(nftTables()).to.include(firewallName(networkId));

      await host.network.deleteNamespace(namespaceId);
      await host.network.deleteEndpoint(endpointId);
      await host.network.deleteNetwork(networkId);
      expect(ip('link')).to.not.include(bridgeName(networkId));
      expect(nftTables()).to.not.include(firewallName(networkId));
      expect(readdirSync('/run/netns')).to.not.include(namespaceName(namespaceId));
      const left = ['networks', 'endpoints', 'namespaces', 'files'].flatMap((folder) =>
        readdirSync(join(host.root, 'hns', folder)),
      );
      expect(left).to.deep.equal([]);
      expect(readdirSync(join(host.root, 'locks'))).to.deep.equal([]);
    });

    it('gives the container its address, MAC, route, loopback and open sysctls', async () => {
      const { namespaceId, endpointId, address, gateway } = await attached();
      const { MacAddress } = await host.network.getEndpoint(endpointId);
      const programs = inside(namespaceId);

      const addresses = await programs.run('ip', '-brief', 'address');
      expect(addresses).to.match(/^lo\s+UNKNOWN\s+127\.0\.0\.1\/8/m);
      expect(addresses).to.match(new RegExp(`^eth0\\S*\\s+UP\\s+${address.replaceAll('.', '\\.')}/20`, 'm'));
      expect(await programs.run('ip', 'route')).to.include(`default via ${gateway} dev eth0`);
      expect(await programs.run('ip', 'link', 'show', 'eth0')).to.include(
        MacAddress!.replaceAll('-', ':').toLowerCase(),
      );
      expect(await programs.run('cat', '/proc/sys/net/ipv4/ping_group_range')).to.match(/^0\s+2147483647/);
      expect(await programs.run('cat', '/proc/sys/net/ipv4/ip_unprivileged_port_start')).to.equal('0\n');
    });

    it('connects one container to two networks', async () => {
      const { namespaceId } = await attached();
      const { network } = host;
      const second = await network.createNetwork({ Name: 'back', Type: 'nat' });
      const endpoint = await network.createEndpoint({ VirtualNetwork: second.ID! });
      await network.attachEndpoint(namespaceId, endpoint.ID!);

      const routes = await inside(namespaceId).run('ip', 'route');
      expect(routes.match(/^default/gm)).to.have.length(1);
      expect(await inside(namespaceId).run('ip', '-brief', 'address')).to.include(endpoint.IPAddress);
      await network.detachEndpoint(namespaceId, endpoint.ID!);
      expect(await inside(namespaceId).run('ip', '-brief', 'address')).to.not.include(endpoint.IPAddress);
    });

    it('translates addresses on the way out, and lets nobody in', async () => {
      const { namespaceId, address } = await attached();
      const outside = anOutside();
      try {
        const remote = programsIn([`--net=${namespacePath(outside.name)}`]);
        const peerOf = await remote.answerTcp(7000, 'out: ');
        expect(await inside(namespaceId).ask('198.51.100.2', 7000, 'hi')).to.equal('out: hi');
        await peerOf.stop();

        const web = await inside(namespaceId).answerTcp(80, 'in: ');
        expect(await remote.ask(address, 80, 'hi')).to.equal(undefined);
        await web.stop();
      } finally {
        outside.remove();
      }
    });

    it('lets traffic pass where another program drops what is forwarded, as Docker does', async () => {
      execFileSync('iptables', ['-P', 'FORWARD', 'DROP']);
      const outside = anOutside();
      try {
        const { networkId, endpointId, namespaceId, address } = await attached();
        const remote = programsIn([`--net=${namespacePath(outside.name)}`]);
        const peer = await remote.answerTcp(7000, 'out: ');
        expect(await inside(namespaceId).ask('198.51.100.2', 7000, 'hi')).to.equal('out: hi');
        await peer.stop();
        const web = await inside(namespaceId).answerTcp(80, 'in: ');
        expect(await remote.ask(address, 80, 'hi')).to.equal(undefined);
        await web.stop();

        await host.network.deleteEndpoint(endpointId);
        await host.network.deleteNetwork(networkId);
        expect(execFileSync('iptables', ['-S'], { encoding: 'utf8' })).to.not.include('PORTHOLE');
      } finally {
        outside.remove();
        execFileSync('iptables', ['-P', 'FORWARD', 'ACCEPT']);
      }
    });

    it('has iptables rules for a host without nftables', () => {
      const subject = {
        networkId: '0123ABCD-0000-4000-8000-000000000000',
        bridge: 'ph-0123abcd',
        subnets: ['10.77.0.0/24'],
        outbound: true,
      };
      for (const outbound of [true, false]) {
        const input = iptablesRules({ ...subject, outbound }, ['nat', 'filter']);
        execFileSync('iptables-restore', ['--noflush'], { input });
        const rules = execFileSync('iptables', ['-S'], { encoding: 'utf8' });
        expect(rules).to.include('-A FORWARD -j PORTHOLE-0123ABCD');
        expect(rules).to.include('-A PORTHOLE-0123ABCD -o ph-0123abcd -j DROP');
        execFileSync('iptables-restore', ['--noflush'], {
          input: iptablesRemoval(subject.networkId, ['nat', 'filter']),
        });
        expect(execFileSync('iptables', ['-S'], { encoding: 'utf8' })).to.not.include('PORTHOLE');
      }
    });

    it('keeps internal networks in', async () => {
      const one = await attached('inner', 'internal');
      const two = await attached('inner', 'internal');
      const outside = anOutside();
      try {
        const peer = await programsIn([`--net=${namespacePath(outside.name)}`]).answerTcp(7000, 'out: ');
        expect(await inside(one.namespaceId).ask('198.51.100.2', 7000, 'hi')).to.equal(undefined);
        await peer.stop();
        const web = await inside(two.namespaceId).answerTcp(80, 'in: ');
        expect(await inside(one.namespaceId).ask(two.address, 80, 'hi')).to.equal('in: hi');
        await web.stop();
      } finally {
        outside.remove();
      }
    });

    it('keeps containers apart that ask for it', async () => {
      const { network } = host;
      const on = await network.createNetwork({ Name: 'nat', Type: 'nat' });
      const ends = [];
      for (let index = 0; index < 2; index += 1) {
        const endpoint = await network.createEndpoint({ VirtualNetwork: on.ID!, DisableICC: true });
        const namespaceId = await network.createNamespace();
        await network.attachEndpoint(namespaceId, endpoint.ID!);
        ends.push({ namespaceId, address: endpoint.IPAddress! });
      }
      const web = await inside(ends[1]!.namespaceId).answerTcp(80, 'in: ');

      expect(await inside(ends[0]!.namespaceId).ask(ends[1]!.address, 80, 'hi')).to.equal(undefined);
      await web.stop();
    });

    it('avoids what the host uses', async () => {
      const taken: string[] = [];
      ip('link add dummy0 type bridge');
      try {
        // All of 172.16.0.0/12 but one /20.
        for (let second = 16; second < 32; second += 1) {
          for (let third = 0; third < 256; third += 16)
            if (second !== 20 || third !== 48)
              taken.push(`address add 172.${second}.${third}.9/20 dev dummy0`);
        }
        execFileSync('ip', ['-batch', '-'], { input: ['link set dummy0 up', ...taken, ''].join('\n') });
        const created = await host.network.createNetwork({ Name: 'nat', Type: 'nat' });

        expect(created.Subnets?.[0]?.AddressPrefix).to.equal('172.20.48.0/20');
        const refused = await failure(
          host.network.createNetwork({ Name: 'x', Subnets: [{ AddressPrefix: '172.16.0.0/24' }] }),
        );
        expect(refused.hint).to.match(
          /^subnet 172\.16\.0\.0\/24 overlaps with route 172\.16\.0\.\d+(\/20)? of dummy0/,
        );
      } finally {
        ip('link delete dummy0');
      }
    });

    it('writes names and servers into the same files, in place', async () => {
      const { network } = host;
      const on = await network.createNetwork({ Name: 'nat', Type: 'nat', DNSSuffix: 'corp.example' });
      const endpoint = await network.createEndpoint({
        VirtualNetwork: on.ID!,
        DNSServerList: '10.0.0.10,10.0.0.11',
      });
      const namespaceId = await network.createNamespace();
      await network.attachEndpoint(namespaceId, endpoint.ID!);
      const files = await network.prepare(namespaceId, { hostName: 'web' });
      const inode = statSync(files.hosts).ino;

      expect(files.netnsPath).to.equal(namespacePath(namespaceName(namespaceId)));
      expect(files).to.not.have.property('started');
      expect(readFileSync(files.hosts, 'utf8')).to.equal(
        `127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n${endpoint.IPAddress}\tweb\n`,
      );
      expect(readFileSync(files.resolvConf, 'utf8')).to.match(
        /^nameserver 10\.0\.0\.10\nnameserver 10\.0\.0\.11\nsearch corp\.example/,
      );
      await network.setHosts(namespaceId, [{ address: '10.0.0.5', names: ['db'] }]);
      expect(readFileSync(files.hosts, 'utf8')).to.equal(
        `127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n${endpoint.IPAddress}\tweb\n10.0.0.5\tdb\n`,
      );
      expect(statSync(files.hosts).ino).to.equal(inode);
      const again = await network.prepare(namespaceId, { dnsSearch: ['a.com', 'b.com'] });
      expect(readFileSync(again.resolvConf, 'utf8')).to.include('search a.com b.com\n');
    });

    it('keeps what neighbours tell while the sandbox is prepared', async () => {
      const { network } = host;
      const namespaceId = await network.createNamespace();
      const entries = [{ address: '10.0.0.5', names: ['db'] }];

      const preparing = network.prepare(namespaceId, { hostName: 'web' });
      while (!existsSync(namespacePath(namespaceName(namespaceId)))) await delay(1);
      await network.setHosts(namespaceId, entries);
      const files = await preparing;

      expect(readFileSync(files.hosts, 'utf8')).to.include('10.0.0.5\tdb\n');
      await network.prepare(namespaceId, { hostName: 'web' });
      expect(readFileSync(files.hosts, 'utf8')).to.include('10.0.0.5\tdb\n');
    });

    it('gives --network none files, and loopback when it runs', async () => {
      const files = await host.network.prepare(undefined, { hostName: '0123456789ab' });

      expect(files.netnsPath).to.equal(undefined);
      expect(readFileSync(files.hosts, 'utf8')).to.include('127.0.0.1\t0123456789ab\n');
      expect(readFileSync(files.resolvConf, 'utf8')).to.equal('# no name servers\n');
      const sandbox = await aSandbox();
      await files.started?.(sandbox.pid);
      expect(await sandbox.programs.run('ip', '-brief', 'address')).to.match(/^lo\s+UNKNOWN/);
      await sandbox.stop();
    });

    it('makes the namespace of a container without endpoints', async () => {
      const namespaceId = await host.network.createNamespace();
      const files = await host.network.prepare(namespaceId);

      expect(readdirSync('/run/netns')).to.include(namespaceName(namespaceId));
      expect(files.netnsPath).to.equal(namespacePath(namespaceName(namespaceId)));
      expect(await inside(namespaceId).run('ip', '-brief', 'address')).to.match(/^lo\s+UNKNOWN/);
    });

    it('shows what really is there after somebody removed it', async () => {
      const { networkId, endpointId, namespaceId } = await attached();
      ip(`link delete ${bridgeName(networkId)}`);
      ip(`netns delete ${namespaceName(namespaceId)}`);

      const { network } = host;
      expect([
        await network.listNetworks(),
        await network.listEndpoints(),
        await network.listNamespaces(),
      ]).to.deep.equal([[], [], []]);
      expect((await failure(network.getNetwork(networkId))).hresult).to.equal(HNS.networkNotFound);
      expect((await failure(network.getEndpoint(endpointId))).hresult).to.equal(HNS.endpointNotFound);
      await network.deleteNamespace(namespaceId);
      await network.deleteNetwork(networkId);
    });

    it('forgets everything of an earlier boot', async () => {
      const { networkId } = await attached();
      for (const folder of ['networks', 'endpoints', 'namespaces']) {
        for (const name of readdirSync(join(host.root, 'hns', folder))) {
          const path = join(host.root, 'hns', folder, name);
          writeFileSync(path, readFileSync(path, 'utf8').replace(/"boot":"[^"]+"/, '"boot":"earlier"'));
        }
      }
      expect(await host.network.listNetworks()).to.deep.equal([]);
      const next = await host.network.createNetwork({ Name: 'nat', Type: 'nat' });

      expect(next.ID).to.not.equal(networkId);
      expect(readdirSync(join(host.root, 'hns', 'endpoints'))).to.deep.equal([]);
      expect(readdirSync(join(host.root, 'hns', 'networks'))).to.have.length(1);
      ip(`link delete ${bridgeName(networkId)}`);
      execFileSync('nft', ['delete', 'table', 'ip', firewallName(networkId)]);
    });

    it('takes away namespaces whose maker was killed before it attached anything', async () => {
      const namespaceId = await host.network.createNamespace();
      await host.network.prepare(namespaceId);
      const path = join(host.root, 'hns', 'namespaces', `${namespaceId}.json`);
      writeFileSync(
        path,
        readFileSync(path, 'utf8').replace(/"creator":\{[^}]*\}/, '"creator":{"pid":1,"startTime":"x"}'),
      );
      const next = await host.network.createNamespace();

      expect(await host.network.listNamespaces()).to.deep.equal([next]);
      expect(readdirSync('/run/netns')).to.not.include(namespaceName(namespaceId));
    });

    it('removes what a deleted data root left in the kernel', async () => {
      const { networkId, namespaceId } = await attached();
      rmSync(join(host.root, 'hns'), { recursive: true });
      const other = aHost('root');
      try {
        await other.network.createNamespace();

        expect(ip('link')).to.not.include(bridgeName(networkId));
        expect(nftTables()).to.not.include(firewallName(networkId));
        expect(readdirSync('/run/netns')).to.not.include(namespaceName(namespaceId));
      } finally {
        await disposeOf(other);
      }
    });

    it('undoes a network that cannot be finished', async () => {
      ip('link add dummy0 type bridge');
      const poor = createLinuxNetwork({
        environment: {
          newId: () => 'ab'.repeat(32),
          now: Date.now,
          env: process.env,
          elevated: true,
        },
        paths: dataPaths(host.root),
        worker: { nodePath: process.execPath, worker: '' },
        level: 'root',
      });
      // The name that the bridge would get is taken by something else.
      ip(`link set dummy0 name ph-abababab`);
      const refused = await failure(poor.createNetwork({ Name: 'nat', Type: 'nat' }));

      expect(refused.message).to.match(/^the kernel refused the network set-up: /);
      expect(readdirSync(join(host.root, 'hns', 'networks'))).to.deep.equal([]);
    });

    it('refuses types that need Windows, with a hint', async () => {
      const refused = await failure(host.network.createNetwork({ Name: 'x', Type: 'transparent' }));

      expect(refused).to.include({
        hresult: HNS.invalidNetworkType,
        hint: 'networks of type transparent need a Windows host; here there are nat, internal, private',
      });
      const on = await host.network.createNetwork({ Name: 'p', Type: 'private' });
      const policy = { Type: 'NAT', Protocol: 'tcp', InternalPort: 80 };
      expect(
        (await failure(host.network.createEndpoint({ VirtualNetwork: on.ID!, Policies: [policy] }))).hresult,
      ).to.equal(HNS.mappingNotSupported);
    });
  });
}

function withoutRoot(): void {
  describe('without root', () => {
    let host: Host;
    let sandbox: Sandbox | undefined;

    afterEach(async () => {
      await sandbox?.stop();
      sandbox = undefined;
      await disposeOf(host);
    });

    const ready = async (level: NetworkLevel): Promise<{ namespaceId: string; address: string }> => {
      host = aHost(level);
      const on = await host.network.createNetwork({ Name: 'nat', Type: 'nat' });
      const endpoint = await host.network.createEndpoint({ VirtualNetwork: on.ID! });
      const namespaceId = await host.network.createNamespace();
      await host.network.attachEndpoint(namespaceId, endpoint.ID!);
      return { namespaceId, address: endpoint.IPAddress! };
    };

    it('serves ports that were published before the sandbox ran', async () => {
      const { namespaceId, address } = await ready('loopback');
      const { network } = host;
      const publication = await network.publish!(namespaceId, [
        { protocol: 'tcp', hostIp: '127.0.0.1', hostPort: 0, containerPort: 80 },
        { protocol: 'udp', hostIp: '127.0.0.1', hostPort: 0, containerPort: 53 },
      ]);
      const files = await network.prepare(namespaceId, { hostName: 'web' });
      expect(files).to.not.have.property('netnsPath');
      expect(readFileSync(files.hosts, 'utf8')).to.include(`${address}\tweb\n`);
      expect(readFileSync(files.resolvConf, 'utf8')).to.match(/^(# no name servers|search|options)/);

      sandbox = await aSandbox();
      const early = connect(publication.forwards[0]!.hostPort, '127.0.0.1');
      early.end('early');
      const web = await sandbox.programs.answerTcp(80, 'inside: ');
      const dns = await sandbox.programs.answerUdp(53, 'answer: ');
      await files.started!(sandbox.pid);
      expect(await text(early)).to.equal('inside: early');
      expect(await sandbox.programs.run('ip', '-brief', 'address')).to.include(`${address}/32`);
      expect(await askUdp(publication.forwards[1]!.hostPort, 'q')).to.equal('answer: q');

      await publication.close();
      const late = connect(publication.forwards[0]!.hostPort, '127.0.0.1');
      const [error] = (await once(late, 'error')) as [NodeJS.ErrnoException];
      expect(error.code).to.equal('ECONNREFUSED');
      await web.stop();
      await dns.stop();
    });

    it('publishes for a sandbox that runs already', async () => {
      const { namespaceId } = await ready('loopback');
      const files = await host.network.prepare(namespaceId);
      sandbox = await aSandbox();
      await files.started!(sandbox.pid);
      const web = await sandbox.programs.answerTcp(8080, 'inside: ');
      const publication = await host.network.publish!(namespaceId, [
        { protocol: 'tcp', hostIp: '127.0.0.1', hostPort: 0, containerPort: 8080 },
      ]);
      const client = connect(publication.forwards[0]!.hostPort, '127.0.0.1');
      client.end('hi');

      expect(await text(client)).to.equal('inside: hi');
      await publication.close();
      await web.stop();
    });

    it('gives ports free that no sandbox ever served', async () => {
      const { namespaceId } = await ready('loopback');
      const forward = { protocol: 'tcp', hostIp: '127.0.0.1', hostPort: 0, containerPort: 80 } as const;
      const first = await host.network.publish!(namespaceId, [forward]);
      await first.close();

      const second = await host.network.publish!(namespaceId, [
        { ...forward, hostPort: first.forwards[0]!.hostPort },
      ]);
      await second.close();
    });

    it('neither connects nor shares a sandbox that runs', async () => {
      const { namespaceId } = await ready('loopback');
      const { network } = host;
      const files = await network.prepare(namespaceId);
      sandbox = await aSandbox();
      await files.started!(sandbox.pid);
      const [on] = await network.listNetworks();
      const endpoint = await network.createEndpoint({ VirtualNetwork: on!.ID! });

      expect((await failure(network.attachEndpoint(namespaceId, endpoint.ID!))).message).to.equal(
        'unsupported platform request',
      );
      expect((await failure(network.prepare(namespaceId))).message).to.equal(
        'sharing the network of another container is not supported without root',
      );
    });

    it('gives an uplink with pasta, and takes it away', async function () {
      if (!canPasta()) this.skip();
      const outside = anOutside();
      try {
        const { namespaceId, address } = await ready('pasta');
        const files = await host.network.prepare(namespaceId, { hostName: 'web' });
        sandbox = await aSandbox();
        await files.started!(sandbox.pid);
        expect(await sandbox.programs.run('ip', '-brief', 'address')).to.include(`${address}/20`);
        const peer = await programsIn([`--net=${namespacePath(outside.name)}`]).greetTcp(7000, 'out there');
        expect(await sandbox.programs.listen('198.51.100.2', 7000)).to.equal('out there');
        await peer.stop();

        const pidFile = join(host.root, 'hns', 'files', namespaceId, 'pasta.pid');
        const pid = Number(readFileSync(pidFile, 'utf8'));
        await host.network.deleteNamespace(namespaceId);
        while (isRunning(pid)) await new Promise((resolve) => setTimeout(resolve, 5));
      } finally {
        outside.remove();
      }
    });
  });
}

interface Sandbox {
  readonly pid: number;
  readonly programs: ReturnType<typeof programsIn>;
  stop(): Promise<void>;
}

/** A process in namespaces of its own, as a container's first process is. */
async function aSandbox(): Promise<Sandbox> {
  const child: ChildProcess = spawn(
    'unshare',
    ['--user', '--map-root-user', '--net', 'sh', '-c', 'echo ready; exec sleep 60'],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  await once(child.stdout!, 'data');
  const pid = child.pid!;
  return {
    pid,
    programs: programsIn([`--target=${pid}`, '--user', '--preserve-credentials', '--net']),
    async stop() {
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    },
  };
}

/** Another host beside ours: 198.51.100.2, reached through 198.51.100.1. It knows a way back into every private range. */
function anOutside(): { name: string; remove(): void } {
  const name = `porthole-test-${process.pid}`;
  execFileSync('ip', ['-batch', '-'], {
    input: `netns add ${name}
link add out0 type veth peer name eth0 netns ${name}
address add 198.51.100.1/24 dev out0
link set out0 up
route add default via 198.51.100.2 dev out0
`,
  });
  execFileSync('ip', ['-n', name, '-batch', '-'], {
    input: `link set lo up
address add 198.51.100.2/24 dev eth0
link set eth0 up
route add default via 198.51.100.1 dev eth0
`,
  });
  return {
    name,
    remove() {
      execFileSync('ip', ['link', 'delete', 'out0']);
      execFileSync('ip', ['netns', 'delete', name]);
    },
  };
}

function ip(line: string): string {
  return execFileSync('ip', line.split(' '), { encoding: 'utf8' });
}

function nftTables(): string {
  return execFileSync('nft', ['list', 'tables'], { encoding: 'utf8' });
}

function canPasta(): boolean {
  try {
    execFileSync('pasta', ['--version'], { stdio: 'ignore' });
    return statSync('/dev/net/tun').isCharacterDevice();
  } catch {
    return false;
  }
}

function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

async function askUdp(port: number, message: string): Promise<string> {
  const { createSocket } = await import('node:dgram');
  const socket = createSocket('udp4');
  try {
    socket.send(message, port, '127.0.0.1');
    const [answer] = (await once(socket, 'message')) as [Buffer];
    return answer.toString();
  } finally {
    socket.close();
  }
}

async function failure(promise: Promise<unknown>): Promise<HnsError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error, 'should have failed').to.be.instanceOf(HnsError);
  return error as HnsError;
}
