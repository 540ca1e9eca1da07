import { expect } from 'chai';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkRequirements, missingRequirements, probeHost } from '../../../src/host/linux/requirements.ts';
import type { LinuxHostFacts } from '../../../src/host/ports/host-facts.ts';
import { testEnvironment } from '../../support/linux-host.ts';

const complete: LinuxHostFacts = {
  platform: 'linux',
  arch: 'x64',
  root: true,
  wineRoot: '/',
  wine: 'wine-8.0',
  namespaces: undefined,
  overlay: undefined,
  fuseOverlayfs: false,
  cgroups: undefined,
  networkTools: ['ip', 'nft', 'pasta'],
  tun: true,
  processors: 2,
};

describe('requirements of the Linux backend', () => {
  it('are met by a complete host, as root and not', () => {
    for (const root of [true, false]) {
      expect(missingRequirements({ ...complete, root })).to.deep.equal([]);
      expect(checkRequirements({ ...complete, root }).every(({ met }) => met)).to.equal(true);
    }
  });

  for (const [name, facts, texts] of [
    ['no Wine', { wine: undefined }, ['no 64-bit Wine below /: install the package wine64']],
    [
      'another processor',
      { arch: 'arm64' },
      ['Windows programs for x86-64 need an x86-64 processor, this is arm64'],
    ],
    [
      'no user namespaces',
      { root: false, namespaces: 'unshare 1: EPERM' },
      [
        'namespaces cannot be made (unshare 1: EPERM): run as root, or allow user namespaces (sysctl kernel.unprivileged_userns_clone=1, kernel.apparmor_restrict_unprivileged_userns=0)',
        'overlay file systems need namespaces',
      ],
    ],
    [
      'no overlay',
      { overlay: 'mount overlay: EINVAL' },
      [
        'the kernel refuses overlays on the data root (mount overlay: EINVAL): install the package fuse-overlayfs',
      ],
    ],
    ['no overlay but fuse-overlayfs', { overlay: 'mount overlay: EINVAL', fuseOverlayfs: true }, []],
    ['no limits, which cost a feature only', { cgroups: 'none mounted' }, []],
    ['no network, which costs a feature only', { networkTools: [] }, []],
  ] as const)
    it(`are told in one line each: ${name}`, () => {
      expect(missingRequirements({ ...complete, ...facts }).map(({ text }) => text)).to.deep.equal(texts);
    });

  for (const [name, facts, texts] of [
    ['limits', { cgroups: 'none mounted' }, ['--memory and --cpus are refused: none mounted']],
    [
      'ip',
      { networkTools: ['nft'] },
      ['containers get no network of their own: ip is missing (package iproute2)'],
    ],
    [
      'pasta',
      { root: false, networkTools: ['ip'] },
      ['containers cannot reach the outside: pasta is missing (package passt)'],
    ],
    [
      'tun',
      { root: false, tun: false },
      ['containers cannot reach the outside: this user may not open /dev/net/tun'],
    ],
  ] as const)
    it(`tell what is lost without ${name}`, () => {
      const lost = checkRequirements({ ...complete, ...facts }).filter(({ met }) => !met);
      expect(lost.map(({ text }) => text)).to.deep.equal(texts);
    });

  it('are looked up without leaving anything', async function () {
    if (process.platform !== 'linux') return this.skip();
    const root = mkdtempSync(join(tmpdir(), 'porthole-probe-test-'));
    const facts = await probeHost(testEnvironment(root), process.geteuid!(), process.getegid!());
    expect(facts.processors).to.be.greaterThan(0);
    expect(readdirSync(root)).to.deep.equal([]);
    rmSync(root, { recursive: true });
  });
});
