import { expect } from 'chai';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { iptablesRules, nftRules } from '../../../src/host/linux/firewall.ts';
import { bridgeName, namespaceName, vethName } from '../../../src/host/linux/kernel-names.ts';
import { hostLinkLines, linkCounters, namespaceLinkLines } from '../../../src/host/linux/kernel-network.ts';
import { detectLevel } from '../../../src/host/linux/network-level.ts';
import {
  hostResolver,
  hostsText,
  parseResolvConf,
  resolvConfText,
  rewriteInPlace,
} from '../../../src/host/linux/resolver-files.ts';
import { enterArguments, pastaArguments } from '../../../src/host/linux/rootless-network.ts';
import { findTool, runTool, runToolOk, ToolError } from '../../../src/host/linux/run-tool.ts';

const guid = '5C242C1E-8E0F-4F65-B9E0-A0B7A6EA41E2';

describe('kernel names', () => {
  it('fit into fifteen characters', () => {
    expect(bridgeName(guid)).to.equal('ph-5c242c1e');
    expect(vethName(guid)).to.equal('phv5c242c1e8e');
    expect(vethName(guid).length).to.be.at.most(15);
    expect(namespaceName(guid)).to.equal('porthole-5c242c1e8e0f4f65b9e0a0b7a6ea41e2');
  });
});

describe('firewall rules', () => {
  const subject = { networkId: guid, bridge: 'ph-5c242c1e', subnets: ['172.25.144.0/20'], outbound: true };

  it('are one table of ours', () => {
    expect(nftRules(subject)).to.equal(`add table ip porthole_5c242c1e
delete table ip porthole_5c242c1e
table ip porthole_5c242c1e {
  chain forward {
    type filter hook forward priority filter; policy accept;
    iifname "ph-5c242c1e" oifname "ph-5c242c1e" accept
    oifname "ph-5c242c1e" ct state established,related accept
    iifname "ph-5c242c1e" accept
    oifname "ph-5c242c1e" drop
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr 172.25.144.0/20 oifname != "ph-5c242c1e" masquerade
  }
}
`);
  });

  it('translate nothing for internal networks', () => {
    expect(nftRules({ ...subject, outbound: false })).to.not.include('masquerade');
    expect(iptablesRules({ ...subject, outbound: false }, ['nat', 'filter'])).to.not.include('MASQUERADE');
  });

  it('go into chains of ours where iptables is all there is', () => {
    expect(iptablesRules(subject, ['filter'])).to.equal(`*filter
:PORTHOLE-5C242C1E - [0:0]
-A PORTHOLE-5C242C1E -i ph-5c242c1e -o ph-5c242c1e -j ACCEPT
-A PORTHOLE-5C242C1E -o ph-5c242c1e -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A PORTHOLE-5C242C1E -i ph-5c242c1e -j ACCEPT
-A PORTHOLE-5C242C1E -o ph-5c242c1e -j DROP
-I FORWARD -j PORTHOLE-5C242C1E
COMMIT
`);
  });
});

describe('links', () => {
  const subject = {
    bridge: 'ph-5c242c1e',
    veth: 'phv5c242c1e8e',
    netns: 'porthole-x',
    device: 'eth0',
    mac: '00:15:5d:ab:58:c6',
    address: '172.25.145.155/20',
    gateway: '172.25.144.1',
    isolated: false,
  };

  it('are made in two batches', () => {
    expect(hostLinkLines(subject, true)).to.deep.equal([
      'netns add porthole-x',
      'link add name phv5c242c1e8e master ph-5c242c1e up type veth peer name eth0 address 00:15:5d:ab:58:c6 netns porthole-x',
    ]);
    expect(namespaceLinkLines(subject)).to.deep.equal([
      'link set dev lo up',
      'address add 172.25.145.155/20 dev eth0',
      'link set dev eth0 up',
      'route add default via 172.25.144.1 dev eth0',
    ]);
    expect(hostLinkLines({ ...subject, isolated: true }, false)).to.include(
      'link set dev phv5c242c1e8e type bridge_slave isolated on',
    );
  });

  it('are counted from /proc/net/dev', () => {
    const text = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:     100       2    0    0    0     0          0         0      100       2    0    0    0     0       0          0
phv12345678:12345678    90    1    2    0     0          0         0     4321      30    0    4    0     0       0          0
`;
    expect(linkCounters(text).get('phv12345678')).to.deep.equal({
      receivedBytes: 12_345_678,
      receivedPackets: 90,
      receivedDropped: 2,
      sentBytes: 4321,
      sentPackets: 30,
      sentDropped: 4,
    });
    expect([...linkCounters().keys()]).to.include('lo');
  });
});

describe('rootless network', () => {
  const address = { address: '172.25.145.155', prefixLength: 20, gateway: '172.25.144.1' };

  it('gives pasta the address of the endpoint and no ports', () => {
    const options = { forwardsDns: true, pidFile: '/x/pasta.pid', asRoot: false, path: undefined };
    expect(pastaArguments(42, address, options).join(' ')).to.equal(
      '--config-net --quiet --ipv4-only --ns-ifname eth0 --address 172.25.145.155 --netmask 20 --gateway 172.25.144.1 --no-map-gw -t none -u none -T none -U none --dns-forward 169.254.1.1 --pid /x/pasta.pid 42',
    );
    expect(pastaArguments(42, address, { ...options, asRoot: true, forwardsDns: false })).to.include(
      '--runas',
    );
  });

  it('enters the user namespace only when it is another one', () => {
    expect(enterArguments(42, 'user:[1]', 'user:[2]')).to.deep.equal([
      '--target=42',
      '--user',
      '--preserve-credentials',
      '--net',
    ]);
    expect(enterArguments(42, 'user:[1]', 'user:[1]')).to.deep.equal(['--target=42', '--net']);
  });

  it('says what a lower level lacks', () => {
    const { level, warnings } = detectLevel(process.env['PATH']);
    expect(level).to.be.oneOf(['root', 'pasta', 'loopback']);
    expect(warnings).to.have.length(level === 'root' ? 0 : 1);
    for (const warning of warnings) expect(warning).to.match(/^WARNING: Containers .*Published ports/);
  });
});

describe('resolver files', () => {
  it('put the own name on the own address, unless an entry has it', () => {
    const loopback = '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n';
    expect(hostsText([])).to.equal(loopback);
    expect(hostsText([], { name: 'web' })).to.equal(`${loopback}127.0.0.1\tweb\n`);
    expect(hostsText([], { name: 'web', address: '10.0.0.5' })).to.equal(`${loopback}10.0.0.5\tweb\n`);
    expect(
      hostsText([{ address: '10.0.0.5', names: ['x', 'WEB'] }], { name: 'web', address: '10.0.0.5' }),
    ).to.equal(`${loopback}10.0.0.5\tweb\n10.0.0.5\tx WEB\n`);
    expect(hostsText([{ address: '10.0.0.5', names: ['a b\n1.2.3.4 evil'] }])).to.equal(
      `${loopback}10.0.0.5\ta-b-1.2.3.4-evil\n`,
    );
  });

  it('read and write resolv.conf', () => {
    const text =
      '# x\nnameserver 10.0.0.1\nnameserver ::1 ; local\ndomain old\nsearch a.com b.com\noptions ndots:2 timeout:1\n';
    expect(parseResolvConf(text)).to.deep.equal({
      nameservers: ['10.0.0.1', '::1'],
      search: ['a.com', 'b.com'],
      options: ['ndots:2', 'timeout:1'],
    });
    expect(
      resolvConfText({
        nameservers: ['1.1.1.1', '2.2.2.2', '3.3.3.3', '4.4.4.4'],
        search: ['a'],
        options: ['x'],
      }),
    ).to.equal('nameserver 1.1.1.1\nnameserver 2.2.2.2\nnameserver 3.3.3.3\nsearch a\noptions x\n');
    expect(resolvConfText({ nameservers: [], search: ['.'], options: [] })).to.equal('# no name servers\n');
  });

  it('look behind a resolver on loopback', () => {
    const files: Record<string, string> = { '/etc/resolv.conf': 'nameserver 127.0.0.53\nsearch lan\n' };
    expect(hostResolver((path) => files[path])).to.deep.include({
      nameservers: ['8.8.8.8', '8.8.4.4'],
      search: ['lan'],
    });
    files['/run/systemd/resolve/resolv.conf'] = 'nameserver 192.168.1.1\n';
    expect(hostResolver((path) => files[path]).nameservers).to.deep.equal(['192.168.1.1']);
    files['/etc/resolv.conf'] = 'nameserver 127.0.0.53\nnameserver 10.0.0.1\n';
    expect(hostResolver((path) => files[path]).nameservers).to.deep.equal(['10.0.0.1']);
  });

  it('are rewritten in place, shorter and longer', () => {
    const folder = mkdtempSync(join(tmpdir(), 'porthole-resolver-'));
    const path = join(folder, 'deep', 'hosts');
    rewriteInPlace(path, 'a long line\n');
    const { ino } = statSync(path);
    rewriteInPlace(path, 'short\n');
    expect(readFileSync(path, 'utf8')).to.equal('short\n');
    rewriteInPlace(path, 'longer than before\n');
    expect(readFileSync(path, 'utf8')).to.equal('longer than before\n');
    expect(statSync(path).ino).to.equal(ino);
    rmSync(folder, { recursive: true });
  });
});

describe('system programs', () => {
  it('are found without a PATH, and not when there is none', () => {
    expect(findTool('sh', undefined)).to.match(/\/sh$/);
    expect(findTool('porthole-no-such-program', '/usr/bin')).to.equal(undefined);
    expect(findTool('sh', 'relative:.')).to.match(/^\//);
  });

  it('get input and give output and their code', async () => {
    const sh = findTool('sh', undefined)!;
    expect(await runTool(sh, ['-c', 'cat; echo no >&2; exit 3'], 'in')).to.deep.equal({
      code: 3,
      stdout: 'in',
      stderr: 'no\n',
    });
    const failed = await runToolOk(sh, ['-c', 'echo why >&2; exit 1']).catch((error: unknown) => error);
    expect(failed).to.be.instanceOf(ToolError);
    expect((failed as ToolError).message).to.equal(`${sh}: why`);
  });
});
