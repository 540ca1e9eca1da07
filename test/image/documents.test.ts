import { expect } from 'chai';
import { chainIds, layerIdsOf } from '../../src/image/chain-id.ts';
import { parseImageConfig } from '../../src/image/config.ts';
import { parseDigest, sha256, shortDigest } from '../../src/image/digest.ts';
import { parseManifest } from '../../src/image/manifest.ts';
import {
  distributableLayerType,
  isForeignLayerType,
  isLayerType,
  mediaTypes,
} from '../../src/image/media-types.ts';
import { buildManifest, changeConfig, emptyConfig } from '../../src/image/mutate.ts';
import { formatPlatform, parsePlatform } from '../../src/image/platform.ts';
import { randomImage } from '../../src/image/random.ts';
import { checkIsImage, checkLayerCount } from '../../src/image/validate.ts';

const hex = 'b'.repeat(64);
const digest = `sha256:${hex}`;
const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const descriptor = (mediaType: string): object => ({ mediaType, digest, size: 3 });

describe('digests', () => {
  const bad: readonly [string, string][] = [
    ['', 'invalid checksum digest format'],
    ['sha256:abc', 'invalid checksum digest format'],
    [`sha256:${'g'.repeat(64)}`, 'invalid checksum digest format'],
    [`md5:${'a'.repeat(32)}`, 'unsupported digest algorithm'],
    [`sha256:${'a'.repeat(63)}`, 'invalid checksum digest length'],
    [`sha256:${'A'.repeat(64)}`, 'invalid checksum digest format'],
  ];
  for (const [text, message] of bad) {
    it(`refuses ${JSON.stringify(text.slice(0, 20))}`, () => {
      expect(() => parseDigest(text)).to.throw(message);
    });
  }

  it('accepts the three known algorithms', () => {
    for (const text of [digest, `sha384:${'0'.repeat(96)}`, `sha512:${'0'.repeat(128)}`]) {
      expect(parseDigest(text)).to.equal(text);
    }
    expect(shortDigest(digest)).to.equal('b'.repeat(12));
  });
});

describe('chain IDs', () => {
  it('follow the specification', () => {
    const [a, b] = [sha256('a'), sha256('b')];

    expect(chainIds([])).to.deep.equal([]);
    expect(chainIds([a, b])).to.deep.equal([a, sha256(`${a} ${b}`)]);
    expect(layerIdsOf([a, b])).to.deep.equal([sha256(`${a} ${b}`).slice(7), a.slice(7)]);
  });
});

describe('manifests', () => {
  const parse = (body: unknown, type?: string): ReturnType<typeof parseManifest> =>
    parseManifest(json(body), type, 'docker.io/library/x:1');
  const config = descriptor(mediaTypes.dockerConfig);

  it('keep their bytes', () => {
    const bytes = Buffer.from(` {"schemaVersion":2, "config":${JSON.stringify(config)},"layers":[]}\n`);
    const parsed = parseManifest(bytes, mediaTypes.dockerManifest, 'x');

    expect(parsed.bytes.equals(bytes)).to.equal(true);
    expect(parsed.digest).to.equal(sha256(bytes));
    expect(parsed.kind).to.equal('manifest');
  });

  it('are recognised by shape when the registry says nothing useful', () => {
    expect(parse({ schemaVersion: 2, config, layers: [] }, 'text/plain; charset=utf-8').mediaType).to.equal(
      mediaTypes.ociManifest,
    );
    expect(parse({ schemaVersion: 2, manifests: [] }).mediaType).to.equal(mediaTypes.ociIndex);
    expect(
      parse({ schemaVersion: 2, mediaType: mediaTypes.dockerManifestList, manifests: [] }, 'application/json')
        .mediaType,
    ).to.equal(mediaTypes.dockerManifestList);
  });

  it('of schema 1 are refused with Docker’s advice', () => {
    for (const attempt of [
      (): unknown => parse({ schemaVersion: 1, fsLayers: [] }),
      (): unknown => parse({}, mediaTypes.dockerSchema1Signed),
    ]) {
      expect(attempt).to.throw().that.includes({
        code: 'MANIFEST_SCHEMA1',
        message:
          'Docker Image Format v1 and Docker Image manifest version 2, schema 1 support has been removed. Suggest the author of docker.io/library/x:1 to upgrade the image to the OCI Format or Docker Image manifest v2, schema 2. More information at https://docs.docker.com/go/deprecated-image-specs/',
      });
    }
  });

  const refused: readonly [string, unknown, string | undefined, string][] = [
    [
      'type confusion',
      { schemaVersion: 2, config, layers: [], manifests: [] },
      mediaTypes.dockerManifest,
      'manifest invalid: an image manifest must not have manifests',
    ],
    [
      'type confusion in a list',
      { schemaVersion: 2, manifests: [], layers: [] },
      mediaTypes.ociIndex,
      'manifest invalid: a manifest list must not have config or layers',
    ],
    [
      'a body type that differs',
      { mediaType: mediaTypes.ociManifest, config, layers: [] },
      mediaTypes.dockerManifest,
      `manifest invalid: media type in manifest should be "${mediaTypes.dockerManifest}" not "${mediaTypes.ociManifest}"`,
    ],
    ['unknown types', { schemaVersion: 2 }, 'application/x', 'unsupported manifest format'],
    [
      'a bad descriptor',
      { config: { digest: 'sha256:zz', size: 1 }, layers: [] },
      mediaTypes.dockerManifest,
      'manifest invalid: config is not a descriptor',
    ],
    [
      'negative sizes',
      { config, layers: [{ digest, size: -1 }] },
      mediaTypes.dockerManifest,
      'manifest invalid: layers is not a list of descriptors',
    ],
    ['no object', [], undefined, 'manifest invalid: not a JSON object'],
    [
      'huge lists',
      { manifests: Array.from({ length: 1001 }, () => descriptor(mediaTypes.ociManifest)) },
      mediaTypes.ociIndex,
      'manifest invalid: a list of more than 1000 entries',
    ],
  ];
  for (const [what, body, type, message] of refused) {
    it(`with ${what} are refused`, () => {
      expect(() => parse(body, type)).to.throw(message);
    });
  }

  it('that are not JSON are refused', () => {
    expect(() => parseManifest(Buffer.from('<html>'), undefined, 'x')).to.throw('manifest is not valid JSON');
  });

  const kinds: readonly [string, object, string[], string][] = [
    [
      'plugins',
      descriptor('application/vnd.docker.plugin.v1+json'),
      [],
      'Encountered remote "application/vnd.docker.plugin.v1+json"(plugin) when fetching',
    ],
    [
      'other artifacts',
      descriptor('application/vnd.cncf.helm.config.v1+json'),
      [],
      'Encountered remote "application/vnd.cncf.helm.config.v1+json"(unknown) when fetching',
    ],
    [
      'AI models',
      descriptor('application/vnd.docker.ai.model.config.v0.1+json'),
      [],
      'AI models are not yet supported by the Engine, please use "docker model pull/run" instead',
    ],
    [
      'strange layers',
      config,
      ['application/vnd.in-toto+json'],
      'unsupported media type application/vnd.in-toto+json',
    ],
    [
      '126 layers',
      config,
      Array.from({ length: 126 }, () => mediaTypes.dockerLayerGzip),
      'max depth exceeded',
    ],
  ];
  for (const [what, configDescriptor, layers, message] of kinds) {
    it(`of ${what} are refused`, () => {
      const manifest = parse(
        { config: configDescriptor, layers: layers.map(descriptor) },
        mediaTypes.dockerManifest,
      );
      if (manifest.kind !== 'manifest') throw new Error('not a manifest');

      expect(() => checkIsImage(manifest)).to.throw(message);
    });
  }
});

describe('layer media types', () => {
  it('are known with every compression', () => {
    for (const type of [
      'application/vnd.docker.image.rootfs.diff.tar',
      'application/vnd.docker.image.rootfs.diff.tar.gzip',
      'application/vnd.docker.image.rootfs.diff.tar.zstd',
      'application/vnd.oci.image.layer.v1.tar',
      'application/vnd.oci.image.layer.v1.tar+gzip',
      'application/vnd.oci.image.layer.v1.tar+zstd',
      'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
      'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
    ]) {
      expect(isLayerType(type), type).to.equal(true);
    }
    expect(isLayerType('application/vnd.docker.image.rootfs.diff.tar.gzip.enc')).to.equal(false);
  });

  it('of foreign layers have ordinary counterparts', () => {
    expect(isForeignLayerType('application/vnd.docker.image.rootfs.foreign.diff.tar.gzip')).to.equal(true);
    expect(isForeignLayerType(mediaTypes.ociLayerGzip)).to.equal(false);
    expect(distributableLayerType('application/vnd.docker.image.rootfs.foreign.diff.tar.gzip')).to.equal(
      mediaTypes.dockerLayerGzip,
    );
    expect(distributableLayerType('application/vnd.oci.image.layer.nondistributable.v1.tar+gzip')).to.equal(
      mediaTypes.ociLayerGzip,
    );
  });
});

describe('image configurations', () => {
  const rootfs = { type: 'layers', diff_ids: [digest] };
  const bad: readonly [string, unknown, string][] = [
    ['without rootfs', { os: 'windows' }, 'invalid image JSON, no RootFS key'],
    [
      'of another rootfs type',
      { rootfs: { type: 'base', diff_ids: [] } },
      'invalid rootfs in image configuration',
    ],
    [
      'with bad diff IDs',
      { rootfs: { type: 'layers', diff_ids: ['sha256:x'] } },
      'invalid rootfs in image configuration',
    ],
    [
      'with more history than layers',
      { rootfs, history: [{}, {}] },
      'too many non-empty layers in History section',
    ],
    ['that are lists', [], 'invalid image JSON'],
    ['with a number as os', { os: 1, rootfs }, 'invalid image JSON, os is not a string'],
  ];
  for (const [what, document, message] of bad) {
    it(`${what} are refused`, () => {
      expect(() => parseImageConfig(json(document)))
        .to.throw(message)
        .that.includes({ code: 'IMAGE_CONFIG_INVALID' });
    });
  }

  it('must have as many layers as the manifest', () => {
    const image = randomImage({ seed: 1, layers: 2 });
    const manifest = parseManifest(image.manifest, image.manifestType, 'x');
    if (manifest.kind !== 'manifest') throw new Error('not a manifest');

    checkLayerCount(manifest, parseImageConfig(image.config));
    expect(() => checkLayerCount(manifest, parseImageConfig(json({ rootfs })))).to.throw(
      "layers from manifest don't match image configuration",
    );
  });
});

describe('changing an image', () => {
  it('keeps unknown keys and os.version, appends layer and history, sorts the keys', () => {
    const base = {
      os: 'windows',
      'os.version': '10.0.20348.1',
      architecture: 'amd64',
      zeta: [1],
      rootfs: { type: 'layers', diff_ids: [digest] },
      history: [{ created_by: 'a' }],
      parent: 'old',
      container: 'old',
    };
    const change = {
      created: '2024-01-01T00:00:00Z',
      history: { created_by: 'RUN x' },
      diffId: sha256('n'),
      config: { Cmd: ['cmd'] },
    };

    expect(changeConfig(base, change).toString()).to.equal(
      '{"architecture":"amd64","config":{"Cmd":["cmd"]},"created":"2024-01-01T00:00:00Z","history":[{"created_by":"a"},{"created":"2024-01-01T00:00:00Z","created_by":"RUN x"}],"os":"windows","os.version":"10.0.20348.1",' +
        `"rootfs":{"type":"layers","diff_ids":["${digest}","${sha256('n')}"]},"zeta":[1]}`,
    );
  });

  it('marks a change without a layer as empty', () => {
    const made = parseImageConfig(
      changeConfig(emptyConfig({ os: 'windows', architecture: 'amd64', osVersion: '10.0.20348.1' }), {
        created: '2024-01-01T00:00:00Z',
        history: { created_by: 'CMD x' },
      }),
    );

    expect(made.history).to.deep.equal([
      { created: '2024-01-01T00:00:00Z', created_by: 'CMD x', empty_layer: true },
    ]);
    expect(made['os.version']).to.equal('10.0.20348.1');
  });

  it('builds manifests of the parent’s family', () => {
    const config = { digest, size: 2 };

    expect(buildManifest(config, []).bytes.toString()).to.equal(
      `{"schemaVersion":2,"mediaType":"${mediaTypes.dockerManifest}","config":{"mediaType":"${mediaTypes.dockerConfig}","size":2,"digest":"${digest}"},"layers":[]}`,
    );
    expect(buildManifest(config, [], { mediaType: mediaTypes.ociManifest }).mediaType).to.equal(
      mediaTypes.ociManifest,
    );
  });

  it('is reproducible in the generator', () => {
    expect(randomImage({ seed: 7 }).manifestDigest).to.equal(randomImage({ seed: 7 }).manifestDigest);
    expect(randomImage({ seed: 7 }).manifestDigest).to.not.equal(randomImage({ seed: 8 }).manifestDigest);
  });
});

describe('platform specifiers', () => {
  const host = { os: 'windows', architecture: 'amd64' };
  const good: readonly [string, string][] = [
    ['windows/amd64', 'windows/amd64'],
    ['Windows/x86_64', 'windows/amd64'],
    ['windows(10.0.17763)/amd64', 'windows(10.0.17763)/amd64'],
    ['windows(10.0.20348.1+win32k)/amd64', 'windows(10.0.20348.1+win32k)/amd64'],
    ['linux/arm64/v8', 'linux/arm64'],
    ['linux/arm', 'linux/arm/v7'],
    ['windows', 'windows/amd64'],
    ['arm64', 'windows/arm64'],
    ['aarch64', 'windows/arm64'],
  ];
  for (const [text, formatted] of good) {
    it(`accepts ${text}`, () => {
      expect(formatPlatform(parsePlatform(text, host))).to.equal(formatted);
    });
  }

  const bad: readonly [string, string][] = [
    ['windoze', '"windoze": unknown operating system or architecture: invalid argument'],
    ['*', '"*": wildcards not yet supported: invalid argument'],
    ['a/b/c/d', '"a/b/c/d": cannot parse platform specifier: invalid argument'],
    [
      'windows/',
      '"" is an invalid component of "windows/": platform specifier component must match "^[A-Za-z0-9_.-]+$": invalid argument',
    ],
  ];
  for (const [text, message] of bad) {
    it(`refuses ${text}`, () => {
      expect(() => parsePlatform(text, host))
        .to.throw(message)
        .that.includes({ kind: 'invalid', code: 'PLATFORM_INVALID' });
    });
  }
});
