/**
 * Address translation and isolation of one network (networking.md 7.3). Each network has an nftables table of its own, so
 * nothing of the host's rules is touched and removing it is one step. Without nftables the same rules go into iptables chains
 * of ours. Where another program's FORWARD policy drops everything (Docker's does), those chains are added to let our
 * traffic pass, since an accept in our table does not outweigh a drop in another.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { HNS, HnsError } from '../../hns/hns-error.ts';
import { firewallName } from './kernel-names.ts';
import { findTool, runTool } from './run-tool.ts';

export interface FirewallSubject {
  readonly networkId: string;
  readonly bridge: string;
  /** `172.25.144.0/20` */
  readonly subnets: readonly string[];
  /** False for `internal` and `private` networks: nothing in, nothing out. */
  readonly outbound: boolean;
}

/** What was installed, to remove it again. */
export interface FirewallRecord {
  readonly nft: boolean;
  /** Chains in iptables' tables. */
  readonly iptables: readonly ('nat' | 'filter')[];
}

/** The table as one transaction; a leftover of the same name is replaced. */
export function nftRules(subject: FirewallSubject): string {
  const { bridge } = subject;
  const table = `ip ${firewallName(subject.networkId)}`;
  const forward = subject.outbound
    ? [
        `iifname "${bridge}" oifname "${bridge}" accept`,
        `oifname "${bridge}" ct state established,related accept`,
        `iifname "${bridge}" accept`,
        `oifname "${bridge}" drop`,
      ]
    : [
        `iifname "${bridge}" oifname "${bridge}" accept`,
        `iifname "${bridge}" drop`,
        `oifname "${bridge}" drop`,
      ];
  const translation = subject.outbound
    ? [
        '  chain postrouting {',
        '    type nat hook postrouting priority srcnat; policy accept;',
        ...subject.subnets.map((subnet) => `    ip saddr ${subnet} oifname != "${bridge}" masquerade`),
        '  }',
      ]
    : [];
  return [
    `add table ${table}`,
    `delete table ${table}`,
    `table ${table} {`,
    '  chain forward {',
    '    type filter hook forward priority filter; policy accept;',
    ...forward.map((rule) => `    ${rule}`),
    '  }',
    ...translation,
    '}',
    '',
  ].join('\n');
}

/** Input of `iptables-restore --noflush`. */
export function iptablesRules(subject: FirewallSubject, tables: FirewallRecord['iptables']): string {
  const { bridge } = subject;
  const chain = chainName(subject.networkId);
  const lines: string[] = [];
  if (tables.includes('nat')) {
    const rules = subject.outbound ? subject.subnets : [];
    lines.push(
      '*nat',
      `:${chain} - [0:0]`,
      ...rules.map((subnet) => `-A ${chain} -s ${subnet} ! -o ${bridge} -j MASQUERADE`),
      `-I POSTROUTING -j ${chain}`,
      'COMMIT',
    );
  }
  if (tables.includes('filter')) {
    const rules = subject.outbound
      ? [
          `-i ${bridge} -o ${bridge} -j ACCEPT`,
          `-o ${bridge} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
          `-i ${bridge} -j ACCEPT`,
          `-o ${bridge} -j DROP`,
        ]
      : [`-i ${bridge} -o ${bridge} -j ACCEPT`, `-i ${bridge} -j DROP`, `-o ${bridge} -j DROP`];
    lines.push(
      '*filter',
      `:${chain} - [0:0]`,
      ...rules.map((rule) => `-A ${chain} ${rule}`),
      `-I FORWARD -j ${chain}`,
      'COMMIT',
    );
  }
  return `${lines.join('\n')}\n`;
}

export function iptablesRemoval(networkId: string, tables: FirewallRecord['iptables']): string {
  const chain = chainName(networkId);
  const hooks = { nat: 'POSTROUTING', filter: 'FORWARD' } as const;
  const lines = tables.flatMap((table) => [
    `*${table}`,
    `-D ${hooks[table]} -j ${chain}`,
    `-F ${chain}`,
    `-X ${chain}`,
    'COMMIT',
  ]);
  return `${lines.join('\n')}\n`;
}

function chainName(networkId: string): string {
  return firewallName(networkId).toUpperCase().replace('_', '-');
}

/** Installs the rules of a network. Error 0x80004005 when the host takes none of them. */
export async function installFirewall(
  subject: FirewallSubject,
  path: string | undefined,
): Promise<FirewallRecord> {
  const nft = findTool('nft', path);
  const restore = findTool('iptables-restore', path);
  const failures: string[] = [];
  let nftDone = false;
  if (nft !== undefined) {
    const result = await runTool(nft, ['-f', '-'], nftRules(subject));
    nftDone = result.code === 0;
    if (!nftDone) failures.push(result.stderr.trim());
  }
  const tables: FirewallRecord['iptables'] = nftDone
    ? (await forwardDrops(path)) && subject.outbound
      ? ['filter']
      : []
    : ['nat', 'filter'];
  if (tables.length === 0) return { nft: true, iptables: [] };
  if (restore !== undefined) {
    const result = await runTool(restore, ['--noflush'], iptablesRules(subject, tables));
    if (result.code === 0) return { nft: nftDone, iptables: tables };
    failures.push(result.stderr.trim());
  }
  if (nftDone) return { nft: true, iptables: [] };
  throw new HnsError('createNetwork', HNS.unspecified, {
    text: `the firewall of this host takes no rules: ${failures.join('; ') || 'neither nft nor iptables was found'}`,
    hint: 'install nftables, or use --network none',
  });
}

/** Idempotent, and silent about what is gone. */
export async function removeFirewall(
  networkId: string,
  record: FirewallRecord,
  path: string | undefined,
): Promise<void> {
  const nft = findTool('nft', path);
  if (record.nft && nft !== undefined) {
    const table = `ip ${firewallName(networkId)}`;
    await runTool(nft, ['-f', '-'], `add table ${table}\ndelete table ${table}\n`);
  }
  const restore = findTool('iptables-restore', path);
  if (record.iptables.length > 0 && restore !== undefined) {
    for (const table of record.iptables)
      await runTool(restore, ['--noflush'], iptablesRemoval(networkId, [table]));
  }
}

/** True when iptables' FORWARD chain, whoever set it, drops what no rule accepts. */
async function forwardDrops(path: string | undefined): Promise<boolean> {
  const iptables = findTool('iptables', path);
  if (iptables === undefined) return false;
  const { stdout } = await runTool(iptables, ['-S', 'FORWARD']);
  return stdout.startsWith('-P FORWARD DROP');
}

const forwarding = '/proc/sys/net/ipv4/ip_forward';

/** Packets between networks and the outside need it; it stays on, as others may rely on it by then. */
export function enableForwarding(): boolean {
  try {
    if (readFileSync(forwarding, 'latin1').trim() !== '1') writeFileSync(forwarding, '1\n');
    return true;
  } catch {
    return false;
  }
}
