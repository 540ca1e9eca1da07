import { expect } from 'chai';
import {
  canonicalString,
  familiarName,
  familiarString,
  parseIdentifier,
  parseReference,
  parseTagTarget,
  referenceProblem,
  registryHost,
  withDefaultTag,
  withTag,
} from '../../src/image/reference.ts';

const hex = 'a'.repeat(64);
const digest = `sha256:${hex}`;

const accepted: readonly [input: string, canonical: string, familiar: string][] = [
  ['ubuntu', 'docker.io/library/ubuntu', 'ubuntu'],
  ['docker.io/ubuntu', 'docker.io/library/ubuntu', 'ubuntu'],
  ['index.docker.io/library/ubuntu', 'docker.io/library/ubuntu', 'ubuntu'],
  ['windows/servercore:ltsc2022', 'docker.io/windows/servercore:ltsc2022', 'windows/servercore:ltsc2022'],
  [
    'mcr.microsoft.com/windows/nanoserver:ltsc2025',
    'mcr.microsoft.com/windows/nanoserver:ltsc2025',
    'mcr.microsoft.com/windows/nanoserver:ltsc2025',
  ],
  ['localhost/foo', 'localhost/foo', 'localhost/foo'],
  ['localhost:5000/foo', 'localhost:5000/foo', 'localhost:5000/foo'],
  ['localhost:5000', 'docker.io/library/localhost:5000', 'localhost:5000'],
  ['example.com', 'docker.io/library/example.com', 'example.com'],
  ['foo:5000/bar', 'foo:5000/bar', 'foo:5000/bar'],
  ['[::1]:5000/x', '[::1]:5000/x', '[::1]:5000/x'],
  ['127.0.0.1:5000/x', '127.0.0.1:5000/x', '127.0.0.1:5000/x'],
  ['FOO/bar', 'FOO/bar', 'FOO/bar'],
  ['a_b/c', 'docker.io/a_b/c', 'a_b/c'],
  ['host_x/foo', 'docker.io/host_x/foo', 'host_x/foo'],
  ['ubuntu:Latest', 'docker.io/library/ubuntu:Latest', 'ubuntu:Latest'],
  ['a:_x', 'docker.io/library/a:_x', 'a:_x'],
  [`ubuntu:22@${digest}`, `docker.io/library/ubuntu@${digest}`, `ubuntu@${digest}`],
  ['a__b', 'docker.io/library/a__b', 'a__b'],
  ['a--b', 'docker.io/library/a--b', 'a--b'],
  ['scratch', 'docker.io/library/scratch', 'scratch'],
  ['docker.io/library/a/b', 'docker.io/library/a/b', 'library/a/b'],
  [`sha256:${hex}`, `docker.io/library/sha256:${hex}`, `sha256:${hex}`],
  [`x:${'t'.repeat(128)}`, `docker.io/library/x:${'t'.repeat(128)}`, `x:${'t'.repeat(128)}`],
  ['a'.repeat(247), `docker.io/library/${'a'.repeat(247)}`, 'a'.repeat(247)],
];

const format = 'invalid reference format';
const rejected: readonly [input: string, message: string][] = [
  ['Ubuntu', 'invalid reference format: repository name (library/Ubuntu) must be lowercase'],
  ['foo/Bar', 'invalid reference format: repository name (foo/Bar) must be lowercase'],
  ['mcr.microsoft.com/Windows/x', 'invalid reference format: repository name (Windows/x) must be lowercase'],
  ['C:\\img', 'invalid reference format: repository name (library/C) must be lowercase'],
  ...[
    ...[
      'ubuntu:',
      '/a',
      'a/',
      'a//b',
      '-a',
      'a-',
      'a..b',
      'a___b',
      'a-_b',
      'a:.x',
      'a:-x',
      `a:${'t'.repeat(129)}`,
    ],
    ...[
      'my repo',
      'https://x/y',
      'ubuntu@sha256:abc',
      '[fe80::1%eth0]/x',
      '',
      'host_x.y/foo',
      `${'x'.repeat(5000)}`,
    ],
    ...['a:b:c', 'a@b', `a@${digest}@${digest}`],
  ].map((input): [string, string] => [input, format]),
  [hex, `invalid repository name (${hex}), cannot specify 64-byte hexadecimal strings`],
  ['a'.repeat(256), 'repository name must not be more than 255 characters'],
  ['a'.repeat(248), 'repository name must not be more than 255 characters'],
  [`x@sha256:${'A'.repeat(64)}`, 'invalid checksum digest format'],
  [`x@sha512:${hex}`, 'invalid checksum digest length'],
  [`x@md5:${'a'.repeat(32)}`, 'unsupported digest algorithm'],
];

describe('image references', () => {
  for (const [input, canonical, familiar] of accepted) {
    it(`accepts ${input.slice(0, 60)}`, () => {
      const reference = parseReference(input);

      expect(canonicalString(reference)).to.equal(canonical);
      expect(familiarString(reference)).to.equal(familiar);
      expect(canonicalString(parseReference(familiarString(reference)))).to.equal(canonical);
      expect(referenceProblem(input)).to.equal(undefined);
    });
  }

  for (const [input, message] of rejected) {
    it(`rejects ${JSON.stringify(input.slice(0, 60))}`, () => {
      expect(() => parseReference(input))
        .to.throw(message)
        .that.includes({ kind: 'invalid', code: 'REFERENCE_INVALID', message });
      expect(referenceProblem(input)).to.equal(message);
    });
  }

  it('adds latest only when there is neither tag nor digest', () => {
    expect(familiarString(withDefaultTag(parseReference('a')))).to.equal('a:latest');
    expect(familiarString(withDefaultTag(parseReference('a:1')))).to.equal('a:1');
    expect(familiarString(withDefaultTag(parseReference(`a@${digest}`)))).to.equal(`a@${digest}`);
  });

  it('keeps the tag beside a digest, for messages', () => {
    expect(parseReference(`ubuntu:22@${digest}`)).to.deep.equal({
      domain: 'docker.io',
      path: 'library/ubuntu',
      tag: '22',
      digest,
    });
  });

  it('checks a separate tag argument', () => {
    expect(familiarString(withTag(parseReference('a:1'), 'B'))).to.equal('a:B');
    expect(() => withTag(parseReference('a'), '.x')).to.throw('invalid tag format');
  });

  it('refuses names that read like digests as tag targets', () => {
    expect(familiarString(parseTagTarget('acme/app'))).to.equal('acme/app:latest');
    expect(() => parseTagTarget(`sha256:${hex}`)).to.throw(
      'refusing to create an ambiguous tag using digest algorithm as name',
    );
    expect(() => parseTagTarget(`a@${digest}`)).to.throw('refusing to create a tag with a digest reference');
  });

  it('knows Docker Hub by its registry host', () => {
    expect(registryHost(parseReference('ubuntu'))).to.equal('registry-1.docker.io');
    expect(registryHost(parseReference('mcr.microsoft.com/x'))).to.equal('mcr.microsoft.com');
  });

  it('shows names without tags in familiar form', () => {
    expect(familiarName(parseReference('docker.io/acme/app:1'))).to.equal('acme/app');
  });

  it('tells what may be an image ID', () => {
    expect(parseIdentifier(`sha256:${hex}`)).to.deep.equal({ hex, complete: true });
    expect(parseIdentifier('beef')).to.deep.equal({ hex: 'beef', complete: false });
    expect(parseIdentifier('ubuntu')).to.equal(undefined);
  });
});
