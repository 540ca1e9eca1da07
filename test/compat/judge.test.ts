/** The decision table of users.md 5.2 through the same rules that `run` uses. */
import { expect } from 'chai';
import { builtInIssues } from '../../src/compat/data/known-issues.ts';
import { hostNames, namedHost } from '../../src/compat/host.ts';
import type { CompatHost } from '../../src/compat/host.ts';
import { describeCompatHost, judge } from '../../src/compat/judge.ts';
import type { JudgeOptions } from '../../src/compat/judge.ts';
import { matchIssues, parseKnownIssues } from '../../src/compat/known-issues.ts';

const options: JudgeOptions = { isolation: '', issues: builtInIssues, now: Date.UTC(2026, 10, 22) };
const host = (name: string, hyperv = true, sku?: 'server' | 'client'): CompatHost =>
  namedHost(name, { hyperv, architecture: 'amd64', ...(sku === undefined ? {} : { sku }) });
const windows = (osVersion: string | undefined) => ({ os: 'windows', architecture: 'amd64', osVersion });
const builds = { 2016: '10.0.14393.6', 2019: '10.0.17763.6', 2022: '10.0.20348.6', 2025: '10.0.26100.6' };

/** P and H as in Microsoft's table, then what is taken by default. */
function cell(on: CompatHost, osVersion: string): string {
  const { process, hyperv, isolation } = judge(windows(osVersion), on, options);
  return `${process.works ? 'P' : ''}${hyperv.works ? 'H' : ''} ${isolation ?? '-'}`.trim();
}

describe('compat/judge', () => {
  const table: [string, Record<keyof typeof builds, string>][] = [
    ['10.0.26100.6', { 2025: 'PH process', 2022: 'PH hyperv', 2019: 'H hyperv', 2016: 'H hyperv' }],
    ['10.0.20348.6', { 2025: '-', 2022: 'PH process', 2019: 'H hyperv', 2016: 'H hyperv' }],
    ['10.0.17763.6', { 2025: '-', 2022: '-', 2019: 'PH process', 2016: 'H hyperv' }],
    ['ltsc2016', { 2025: '-', 2022: '-', 2019: '-', 2016: 'PH process' }],
    ['10.0.14393.5', { 2025: '-', 2022: '-', 2019: '-', 2016: 'H hyperv' }],
    ['10.0.14393.6', { 2025: '-', 2022: '-', 2019: '-', 2016: 'PH process' }],
    ['win11-24h2', { 2025: 'PH hyperv', 2022: 'PH hyperv', 2019: 'H hyperv', 2016: 'H hyperv' }],
    ['win10-22h2', { 2025: '-', 2022: '-', 2019: 'H hyperv', 2016: 'H hyperv' }],
  ];
  for (const [name, row] of table) {
    for (const [year, expected] of Object.entries(row)) {
      it(`${name} with an image for ${year}: ${expected}`, () => {
        expect(cell(host(name), builds[Number(year) as keyof typeof builds])).to.equal(expected);
      });
    }
  }

  it('goes without Hyper-V where there is none', () => {
    expect(cell(host('ltsc2025', false), builds[2022])).to.equal('P process');
    expect(cell(host('ltsc2025', false), builds[2019])).to.equal('-');
    expect(cell(host('win10-22h2', false), builds[2019])).to.equal('-');
  });

  it('gives the reason', () => {
    const reason = (on: CompatHost, version: string | undefined, wish: '' | 'process' | 'hyperv' = '') =>
      judge(windows(version), on, { ...options, isolation: wish }).reason;
    expect(reason(host('ltsc2022'), builds[2022])).to.equal('image and host have the same build, 20348');
    expect(reason(host('ltsc2022'), builds[2022], 'hyperv')).to.equal(
      'it was asked for; process isolation works too',
    );
    expect(reason(host('ltsc2025', false), builds[2022])).to.equal(
      'hosts from build 20348 on keep running images of the long-term release before (image 20348, host 26100)',
    );
    expect(reason(host('ltsc2025'), builds[2022])).to.equal(
      'process isolation is possible but less reliable for another build (image 20348, host 26100)',
    );
    expect(reason(host('ltsc2022'), builds[2019])).to.equal(
      'the builds differ too much for one kernel (image 17763, host 20348), and a utility VM brings its own',
    );
    expect(reason(host('win11-24h2'), builds[2025])).to.equal(
      'clients take Hyper-V isolation by default; --isolation=process works too',
    );
    expect(reason(host('17134', true, 'client'), '10.0.17134.1')).to.equal(
      'this Windows has no process isolation',
    );
    expect(reason(host('ltsc2022'), undefined)).to.match(/^the image does not say which Windows/);
    expect(reason(host('ltsc2022'), builds[2025])).to.equal(
      'a Windows version 10.0.26100-based image is incompatible with a 10.0.20348 host',
    );
  });

  it('refuses other systems and processors', () => {
    const linux = judge({ os: 'linux', architecture: 'amd64' }, host('ltsc2022'), options);
    expect(linux).to.include({ isolation: undefined, reason: 'it is built for linux, not for Windows' });
    const arm = judge({ ...windows(builds[2022]), architecture: 'arm64' }, host('ltsc2022'), options);
    expect(arm.reason).to.equal('it is built for arm64, and the host is amd64');
  });

  it('warns of revisions ahead of the host, and of bases out of support', () => {
    const warnings = (on: string, version: string) => judge(windows(version), host(on), options).warnings;
    expect(warnings('10.0.20348.2000', '10.0.20348.2700')).to.deep.equal([
      'the image has revision 2700, the host 2000: if it fails with 0xC0370106, update the host or use --isolation=hyperv',
    ]);
    expect(warnings('10.0.20348.2700', '10.0.20348.2000')).to.deep.equal([]);
    expect(warnings('20348', '10.0.20348.2700')).to.deep.equal([]);
    expect(warnings('ltsc2022', '10.0.18363.1')).to.deep.equal([
      'support of base images for Windows Server, version 1909 ended on 2021-05-11',
    ]);
  });

  it('takes every version under Wine', () => {
    const wine: CompatHost = {
      ...host('ltsc2022', false),
      backend: 'wine',
      osVersion: '',
      name: 'Wine 8.0 on Debian',
    };
    for (const version of [...Object.values(builds), undefined]) {
      const { process, hyperv, isolation, knownIssues } = judge(windows(version), wine, options);
      expect([process.works, hyperv.works, isolation]).to.deep.equal([true, false, 'process']);
      expect(knownIssues).to.deep.equal([]);
    }
    expect(describeCompatHost(wine)).to.equal('Wine 8.0 on Debian');
  });
});

describe('compat/known issues', () => {
  const ids = (hostBuild: number, imageBuild: number, isolation: 'process' | 'hyperv', repository?: string) =>
    matchIssues(builtInIssues, { hostBuild, imageBuild, isolation, repository }).map(({ id }) => id);

  it('match by builds, isolation and repository', () => {
    expect(ids(26200, 26100, 'hyperv', 'windows/nanoserver')).to.deep.equal(['client-25h2-ltsc2025']);
    expect(ids(26100, 26100, 'process', 'windows/servercore')).to.deep.equal([
      'servercore-2025-slow-start',
      'server-2025-process-fails',
    ]);
    expect(ids(26100, 26100, 'process', 'windows/nanoserver')).to.deep.equal([]);
    expect(ids(26100, 26100, 'process')).to.deep.equal([]);
    expect(ids(20348, 20348, 'process', 'windows/servercore')).to.deep.equal([]);
  });

  it('have unique ids, ordered ranges and links', () => {
    const all = builtInIssues.issues.map(({ id }) => id);
    expect(new Set(all).size).to.equal(all.length);
    for (const { host: h, image, reference } of builtInIssues.issues) {
      expect(h[0]).to.be.at.most(h[1]);
      expect(image[0]).to.be.at.most(image[1]);
      expect(reference).to.match(/^https:\/\//);
    }
  });

  it('can be replaced by a newer table, which is checked', () => {
    expect(parseKnownIssues(JSON.stringify(builtInIssues))).to.deep.equal(builtInIssues);
    const cases: [string, string][] = [
      ['nope', 'it is not JSON'],
      ['[]', 'it needs "version" and "issues"'],
      ['{"version":"1","issues":[{}]}', 'issues[0].id must be a string'],
      [
        '{"version":"1","issues":[{"id":"a","symptom":"b","advice":"c","reference":"d","host":[1]}]}',
        'issues[0].host must be two build numbers',
      ],
    ];
    for (const [text, why] of cases) {
      expect(() => parseKnownIssues(text)).to.throw(`this is no table of known issues: ${why}`);
    }
  });
});

describe('compat/hosts', () => {
  const wish = { hyperv: true, architecture: 'amd64' };
  const cases: [string, string, 'server' | 'client', string][] = [
    ['ltsc2022', '10.0.20348', 'server', 'Windows Server 2022'],
    ['windows-2025', '10.0.26100', 'server', 'Windows Server 2025'],
    ['WIN11-24H2', '10.0.26100', 'client', 'Windows 11 24H2'],
    ['20348', '10.0.20348', 'server', 'Windows Server 2022'],
    ['20348.2700', '10.0.20348.2700', 'server', 'Windows Server 2022'],
    ['10.0.19045.1', '10.0.19045.1', 'client', 'Windows 10 22H2'],
    ['2022', '10.0.20348', 'server', 'Windows Server 2022'],
    ['26999', '10.0.26999', 'client', 'Windows build 26999'],
  ];
  for (const [text, osVersion, sku, name] of cases) {
    it(`${text} is ${name}`, () => expect(namedHost(text, wish)).to.include({ osVersion, sku, name }));
  }
  it('are refused when unknown', () => {
    expect(() => namedHost('vista', wish)).to.throw('unknown host version "vista"');
  });
  it('can all be named', () => {
    for (const name of hostNames) expect(namedHost(name, wish).name).to.match(/^Windows /);
  });
});
