import { expect } from 'chai';
import type { Descriptor } from '../../src/image/descriptor.ts';
import { parseOsVersion } from '../../src/image/os-version.ts';
import { parsePlatform } from '../../src/image/platform.ts';
import { checkImagePlatform, selectManifest } from '../../src/image/platform-select.ts';
import type { SelectionHost } from '../../src/image/platform-select.ts';

let counter = 0;
function entry(osVersion: string | undefined, os = 'windows', architecture = 'amd64'): Descriptor {
  counter += 1;
  return {
    mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
    digest: `sha256:${counter.toString(16).padStart(64, '0')}`,
    size: 1,
    platform: { os, architecture, ...(osVersion === undefined ? {} : { 'os.version': osVersion }) },
  };
}

function host(version: string, over: Partial<SelectionHost> = {}): SelectionHost {
  return {
    architecture: 'amd64',
    osVersion: parseOsVersion(version)!,
    kind: 'windows',
    isolation: 'process',
    ...over,
  };
}

/** The os.version that is chosen, with its fit; or the error text. */
function choose(entries: Descriptor[], on: SelectionHost, platform?: string): string {
  const requested =
    platform === undefined
      ? undefined
      : {
          text: platform,
          platform: parsePlatform(platform, { os: 'windows', architecture: on.architecture }),
        };
  try {
    const { descriptor, fit } = selectManifest(entries, on, requested);
    return `${fit} ${descriptor.platform?.os} ${descriptor.platform?.['os.version'] ?? '-'}`;
  } catch (error) {
    return (error as Error).message;
  }
}

const list = [
  entry('10.0.14393.7000'),
  entry('10.0.17763.2928'),
  entry('10.0.20348.2402'),
  entry('10.0.26100.1742'),
  entry(undefined, 'linux'),
  entry(undefined, 'unknown', 'unknown'),
];
const none = (version: string): string =>
  `no matching manifest for windows(${version})/amd64 in the manifest list entries`;

describe('choosing an image for the host', () => {
  const byHost: readonly [version: string, process: string, hyperv: string][] = [
    ['10.0.14393.7000', 'exact windows 10.0.14393.7000', 'exact windows 10.0.14393.7000'],
    ['10.0.17763.1', 'exact windows 10.0.17763.2928', 'exact windows 10.0.17763.2928'],
    ['10.0.19045.1', 'older windows 10.0.17763.2928', 'older windows 10.0.17763.2928'],
    ['10.0.20348.1', 'exact windows 10.0.20348.2402', 'exact windows 10.0.20348.2402'],
    ['10.0.22631.1', 'compatible windows 10.0.20348.2402', 'compatible windows 10.0.20348.2402'],
    ['10.0.25398.1', 'compatible windows 10.0.20348.2402', 'compatible windows 10.0.20348.2402'],
    ['10.0.26100.1', 'exact windows 10.0.26100.1742', 'exact windows 10.0.26100.1742'],
    ['10.0.26200.1', 'compatible windows 10.0.26100.1742', 'compatible windows 10.0.26100.1742'],
    ['10.0.10240.1', none('10.0.10240'), none('10.0.10240')],
  ];
  for (const [version, process, hyperv] of byHost) {
    it(`on ${version}`, () => {
      expect(choose(list, host(version))).to.equal(process);
      expect(choose(list, host(version, { isolation: 'hyperv' }))).to.equal(hyperv);
      expect(choose([...list].reverse(), host(version))).to.equal(process);
    });
  }

  it('takes a build whose ABI is kept before an older one for process isolation only', () => {
    const entries = [entry('10.0.17763.1'), entry('10.0.20348.1')];

    expect(choose(entries, host('10.0.26100.1'))).to.equal('compatible windows 10.0.20348.1');
  });

  it('prefers the newest revision that is not above the host’s', () => {
    const entries = [entry('10.0.20348.999'), entry('10.0.20348.2700'), entry('10.0.20348.5020')];

    expect(choose(entries, host('10.0.20348.3000'))).to.equal('exact windows 10.0.20348.2700');
    expect(choose(entries, host('10.0.26100.1'))).to.equal('compatible windows 10.0.20348.5020');
    expect(choose(entries, host('10.0.20348'))).to.equal('exact windows 10.0.20348.5020');
  });

  it('takes unversioned and malformed entries last but one', () => {
    expect(choose([entry(undefined)], host('10.0.20348.1'))).to.equal('unversioned windows -');
    expect(choose([entry('ten'), entry('10.0.20348.1')], host('10.0.20348.1'))).to.equal(
      'exact windows 10.0.20348.1',
    );
    expect(choose([entry('10.0.17763.1'), entry(undefined)], host('10.0.20348.1'))).to.equal(
      'unversioned windows -',
    );
  });

  it('refuses a newer build on Windows', () => {
    expect(choose([entry('10.0.26100.1')], host('10.0.20348.1'))).to.equal(none('10.0.20348'));
  });

  it('takes any build on the emulated backend, the best known one first', () => {
    const emulated = host('10.0.20348.2402', { kind: 'emulated' });

    expect(choose(list, emulated)).to.equal('exact windows 10.0.20348.2402');
    expect(choose([entry('10.0.14393.1'), entry('10.0.19041.1'), entry('10.0.17763.1')], emulated)).to.equal(
      'compatible windows 10.0.17763.1',
    );
    expect(choose([entry('10.0.26100.1')], emulated)).to.equal('newer windows 10.0.26100.1');
    expect(choose([entry('10.0.26100.1'), entry('10.0.14393.1')], emulated)).to.equal(
      'compatible windows 10.0.14393.1',
    );
  });

  it('honours --platform', () => {
    expect(choose(list, host('10.0.20348.1'), 'windows/amd64')).to.equal('exact windows 10.0.20348.2402');
    expect(choose(list, host('10.0.26100.1'), 'windows(10.0.17763)/amd64')).to.equal(
      'older windows 10.0.17763.2928',
    );
    expect(choose(list, host('10.0.26100.1'), 'windows(10.0.17763.2928)/amd64')).to.equal(
      'older windows 10.0.17763.2928',
    );
    expect(choose(list, host('10.0.26100.1'), 'windows(10.0.17763.1)/amd64')).to.equal(
      'no matching manifest for windows(10.0.17763.1)/amd64 in the manifest list entries',
    );
    expect(choose(list, host('10.0.20348.1'), 'linux/arm64')).to.equal(
      'no matching manifest for linux/arm64 in the manifest list entries',
    );
    expect(choose(list, host('10.0.20348.1'), 'windows/arm64')).to.equal(
      'no matching manifest for windows/arm64 in the manifest list entries',
    );
  });

  it('never picks attestations, other systems or other architectures', () => {
    const entries = [
      entry(undefined, 'unknown', 'unknown'),
      entry(undefined, 'linux'),
      entry('10.0.20348.1', 'windows', 'arm64'),
    ];

    expect(choose(entries, host('10.0.20348.1'))).to.equal(none('10.0.20348'));
  });

  it('says in the hint what is offered and what would fit', () => {
    const attempt = (): unknown =>
      selectManifest([entry('10.0.26100.1742'), entry(undefined, 'linux')], host('10.0.20348.1'));

    expect(attempt).to.throw().that.includes({
      kind: 'notFound',
      code: 'IMAGE_PLATFORM_MISMATCH',
      hint: 'the list offers windows(10.0.26100.1742)/amd64, linux/amd64; this host is 10.0.20348: a tag such as ltsc2022 or older fits',
    });
  });

  it('checks single images by their configuration', () => {
    expect(
      checkImagePlatform({ os: 'windows', 'os.version': '10.0.17763.1' }, host('10.0.20348.1')),
    ).to.equal('older');
    expect(checkImagePlatform({ os: 'windows' }, host('10.0.20348.1'))).to.equal('unversioned');
    expect(() =>
      checkImagePlatform({ os: 'windows', 'os.version': '10.0.20348.1' }, host('10.0.19043.1')),
    ).to.throw('a Windows version 10.0.20348-based image is incompatible with a 10.0.19043 host');
    expect(() => checkImagePlatform({ os: 'linux' }, host('10.0.20348.1'))).to.throw(
      'image operating system "linux" cannot be used on this platform: operating system is not supported',
    );
    expect(
      checkImagePlatform(
        { os: 'windows', 'os.version': '10.0.26100.1' },
        host('10.0.20348.1', { kind: 'emulated' }),
      ),
    ).to.equal('newer');
  });
});
