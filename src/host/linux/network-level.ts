/**
 * How much network a host gives (networking.md 7.4, linux-backend.md 14): `root` has bridges and named namespaces; `pasta`
 * gives each sandbox an uplink of its own; `loopback` gives it only itself, though published ports still work.
 */
import { closeSync, openSync, readFileSync } from 'node:fs';
import { findTool } from './run-tool.ts';

export type NetworkLevel = 'root' | 'pasta' | 'loopback';

export interface LevelFacts {
  readonly level: NetworkLevel;
  /** Whole sentences for `info`, empty at full level. */
  readonly warnings: readonly string[];
}

const capNetAdmin = 12n;
const capSysAdmin = 21n;

export function detectLevel(path: string | undefined): LevelFacts {
  const ip = findTool('ip', path);
  if (hasCapabilities() && ip !== undefined) return { level: 'root', warnings: [] };
  const rootless = hasCapabilities()
    ? 'the program ip (package iproute2) is missing'
    : 'porthole does not run as root';
  const pasta = findTool('pasta', path);
  const tun = pasta === undefined ? undefined : openFailure('/dev/net/tun');
  if (pasta !== undefined && tun === undefined && findTool('nsenter', path) !== undefined) {
    return {
      level: 'pasta',
      warnings: [
        `WARNING: Containers cannot reach each other by address, because ${rootless}. Published ports and outgoing connections work`,
      ],
    };
  }
  const why =
    pasta === undefined
      ? 'pasta (package passt) is missing'
      : `/dev/net/tun cannot be opened (${tun ?? 'no nsenter'})`;
  return {
    level: 'loopback',
    warnings: [
      `WARNING: Containers have no network but their own loopback, because ${rootless} and ${why}. Published ports work`,
    ],
  };
}

/** Root in a container may lack what root usually has. */
function hasCapabilities(): boolean {
  const match = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'latin1'));
  const effective = BigInt(`0x${match?.[1] ?? '0'}`);
  return (
    [capNetAdmin, capSysAdmin].every((bit) => (effective >> bit) % 2n === 1n) && isInitialUserNamespace()
  );
}

/** In a user namespace of ours, root may make links but not in the host's network. */
function isInitialUserNamespace(): boolean {
  return /^\s*0\s+0\s+4294967295\s*$/.test(readFileSync('/proc/self/uid_map', 'latin1'));
}

function openFailure(path: string): string | undefined {
  try {
    closeSync(openSync(path, 'r+'));
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown error';
  }
}
