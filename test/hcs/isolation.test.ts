import { expect } from 'chai';
import { decideIsolation, type IsolationHost } from '../../src/hcs/isolation.ts';
import { parseOsVersion, runsAsProcess } from '../../src/hcs/os-version.ts';

const builds = [14393, 17763, 19045, 20348, 22631, 25398, 26100, 27000];

/** hcs.md 6.2: which image builds a host runs without a utility VM. */
const allowed: [host: number, images: number[]][] = [
  [14393, [14393]],
  [17763, [17763]],
  [19045, [19045]],
  [20348, [20348]],
  [22631, [20348, 22631]],
  [25398, [20348, 22631, 25398]],
  [26100, [20348, 22631, 25398, 26100]],
  [27000, [26100, 27000]],
];

describe('runsAsProcess', () => {
  for (const [host, images] of allowed) {
    it(`host ${host} runs ${images.join(', ')}`, () => {
      const runs = builds.filter((build) =>
        runsAsProcess(parseOsVersion(`10.0.${host}.1`)!, parseOsVersion(`10.0.${build}.1`)!),
      );
      expect(runs).to.deep.equal(images);
    });
  }

  it('wants the very revision on 2016', () => {
    const host = parseOsVersion('10.0.14393.2')!;
    expect(runsAsProcess(host, parseOsVersion('10.0.14393.2')!)).to.equal(true);
    expect(runsAsProcess(host, parseOsVersion('10.0.14393.3')!)).to.equal(false);
    expect(runsAsProcess(host, parseOsVersion('10.0.14393')!)).to.equal(true);
  });

  it('takes no malformed version for a version', () => {
    expect(['', 'x', '10.0', '10.0.1.2.3', undefined].map(parseOsVersion)).to.deep.equal(
      Array<undefined>(5).fill(undefined),
    );
  });
});

describe('decideIsolation', () => {
  const base: IsolationHost = {
    osVersion: '10.0.20348.2227',
    sku: 'server',
    hypervAvailable: true,
    processIsolationAvailable: true,
    backend: 'hcs',
  };

  it('defaults by SKU', () => {
    expect(decideIsolation('', base, '10.0.20348.1').isolation).to.equal('process');
    expect(decideIsolation('default', { ...base, sku: 'client' }, '10.0.20348.1').isolation).to.equal(
      'hyperv',
    );
  });

  it('passes images without a version', () => {
    expect(decideIsolation('', base, undefined)).to.deep.equal({ isolation: 'process', warnings: [] });
  });

  it('warns where the default had to give way', () => {
    const decision = decideIsolation('', { ...base, sku: 'client', hypervAvailable: false }, '10.0.20348.1');

    expect(decision.isolation).to.equal('process');
    expect(decision.warnings).to.have.length(1);
  });

  it('refuses process isolation where the host has none', () => {
    const host = { ...base, processIsolationAvailable: false };
    expect(() => decideIsolation('process', host, undefined)).to.throw(
      'invalid isolation (process): process isolation is not supported on this host',
    );
  });
});
