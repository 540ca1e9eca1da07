/**
 * What the quickstart and the tests need from the system, by the file or command that proves it is there. Installs what
 * is missing when it may (root and apt-get), otherwise names it in one line.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

export interface SystemPackage {
  readonly debian: string;
  /** Present when one of these absolute paths exists or one of these commands is in PATH. */
  readonly proof: readonly string[];
  readonly why: string;
}

/** For the main job on Linux. */
export const mainJobPackages: readonly SystemPackage[] = [
  { debian: 'wine64', proof: ['/usr/lib/wine/wine64', 'wine64', 'wine'], why: 'runs the Windows programs' },
  { debian: 'util-linux', proof: ['unshare'], why: 'namespaces' },
  { debian: 'iproute2', proof: ['ip'], why: 'container networks' },
  { debian: 'nftables', proof: ['nft', 'iptables'], why: 'NAT of container networks' },
  {
    debian: 'docker-registry',
    proof: ['docker-registry'],
    why: 'the registry that the quickstart pushes to',
  },
];

/** For the test suite, on top of the main job's. */
export const testPackages: readonly SystemPackage[] = [
  { debian: 'skopeo', proof: ['skopeo'], why: 'reads our image layout' },
  { debian: 'qemu-utils', proof: ['qemu-img'], why: 'checks our VHDX files' },
  { debian: 'libvhdi-utils', proof: ['vhdiinfo'], why: 'checks our VHDX files' },
  { debian: 'gcc-mingw-w64-x86-64', proof: ['x86_64-w64-mingw32-gcc'], why: 'rebuilds the launcher' },
  { debian: 'gcc', proof: ['gcc'], why: 'rebuilds the sandbox helper' },
  { debian: 'libc6-dev', proof: ['/usr/include/stdio.h'], why: 'rebuilds the sandbox helper' },
];

export function missingPackages(packages: readonly SystemPackage[]): SystemPackage[] {
  return packages.filter((item) => !item.proof.some(isPresent));
}

function isPresent(proof: string): boolean {
  if (proof.startsWith('/')) return existsSync(proof);
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.some((folder) => folder !== '' && existsSync(join(folder, proof)));
}

/** True when everything is there afterwards; prints one line about what it did or what is missing. */
export function installMissing(packages: readonly SystemPackage[]): boolean {
  const missing = missingPackages(packages);
  if (missing.length === 0) return true;
  const names = missing.map((item) => item.debian);
  if (process.getuid?.() !== 0 || !isPresent('apt-get')) {
    process.stderr.write(
      `Missing: ${names.join(', ')}. Install with: sudo apt-get install ${names.join(' ')}\n`,
    );
    return false;
  }
  process.stdout.write(`Installing ${names.join(', ')}\n`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const options = { stdio: ['ignore', 'ignore', 'inherit'] as ('ignore' | 'inherit')[], env };
  spawnSync('apt-get', ['update', '-qq'], options);
  const install = spawnSync(
    'apt-get',
    ['install', '-qq', '-y', '--no-install-recommends', ...names],
    options,
  );
  if (install.status === 0 && missingPackages(packages).length === 0) return true;
  process.stderr.write(
    `apt-get could not install: ${missingPackages(packages)
      .map((p) => p.debian)
      .join(', ')}\n`,
  );
  return false;
}
