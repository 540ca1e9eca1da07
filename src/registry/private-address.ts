import { isIP } from 'node:net';
import { inNetwork } from './proxy-rules.ts';

const privateNetworks: readonly [string, number][] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['100.64.0.0', 10],
  ['::', 127],
  ['fc00::', 7],
  ['fe80::', 10],
];

/** True for address literals that are loopback, private, link-local or unspecified. */
export function isPrivateAddress(host: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(host)?.[1] ?? host;
  return (
    isIP(mapped) !== 0 && privateNetworks.some(([network, prefix]) => inNetwork(mapped, network, prefix))
  );
}
