/** Generator of small, well-formed Windows images for tests: same seed, same bytes. */
import { gzipSync } from 'node:zlib';
import { chainIds } from './chain-id.ts';
import type { Descriptor } from './descriptor.ts';
import { sha256 } from './digest.ts';
import type { Digest } from './digest.ts';
import { buildManifest } from './mutate.ts';
import { mediaTypes } from './media-types.ts';

export interface RandomImageOptions {
  readonly seed: number;
  readonly layers?: number;
  readonly filesPerLayer?: number;
  readonly fileBytes?: number;
  readonly osVersion?: string;
  readonly os?: string;
  readonly oci?: boolean;
  readonly env?: readonly string[];
  /** Turns a tar into a blob; gzip by default. */
  readonly compress?: (tar: Buffer) => Buffer;
  readonly layerType?: string;
}

export interface RandomImage {
  readonly manifest: Buffer;
  readonly manifestType: string;
  readonly manifestDigest: Digest;
  readonly config: Buffer;
  /** Image ID. */
  readonly configDigest: Digest;
  /** Bottom first. */
  readonly layers: readonly {
    readonly tar: Buffer;
    readonly blob: Buffer;
    readonly diffId: Digest;
    readonly descriptor: Descriptor;
  }[];
  readonly chain: readonly Digest[];
}

export function randomImage(options: RandomImageOptions): RandomImage {
  const next = generator(options.seed);
  const compress = options.compress ?? ((tar: Buffer): Buffer => gzipSync(tar, { level: 6 }));
  const oci = options.oci === true;
  const layerType = options.layerType ?? (oci ? mediaTypes.ociLayerGzip : mediaTypes.dockerLayerGzip);
  const layers = Array.from({ length: options.layers ?? 2 }, (_, index) => {
    const tar = randomLayerTar(next, index, options.filesPerLayer ?? 3, options.fileBytes ?? 2000);
    const blob = compress(tar);
    return {
      tar,
      blob,
      diffId: sha256(tar),
      descriptor: { mediaType: layerType, digest: sha256(blob), size: blob.length },
    };
  });
  const config = Buffer.from(
    JSON.stringify({
      architecture: 'amd64',
      config: { Cmd: ['c:\\windows\\system32\\cmd.exe'], Env: options.env ?? null, WorkingDir: '' },
      created: '2024-05-06T07:08:09.123456789Z',
      history: layers.map((_, index) => ({
        created: `2024-05-06T07:08:0${index % 10}Z`,
        created_by: index === 0 ? 'Apply image 10.0.20348.2402' : `Install update ${index}`,
      })),
      os: options.os ?? 'windows',
      'os.version': options.osVersion ?? '10.0.20348.2402',
      rootfs: { type: 'layers', diff_ids: layers.map((layer) => layer.diffId) },
    }),
  );
  const configDigest = sha256(config);
  const manifest = buildManifest(
    { digest: configDigest, size: config.length },
    layers.map((layer) => layer.descriptor),
    oci ? { mediaType: mediaTypes.ociManifest } : undefined,
  );
  return {
    manifest: manifest.bytes,
    manifestType: manifest.mediaType,
    manifestDigest: sha256(manifest.bytes),
    config,
    configDigest,
    layers,
    chain: chainIds(layers.map((layer) => layer.diffId)),
  };
}

/** An index over images, in the given order. */
export function indexOf(
  images: readonly {
    readonly image: RandomImage;
    readonly os?: string;
    readonly architecture?: string;
    readonly osVersion?: string;
  }[],
  oci = false,
): { readonly mediaType: string; readonly bytes: Buffer; readonly digest: Digest } {
  const mediaType = oci ? mediaTypes.ociIndex : mediaTypes.dockerManifestList;
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType,
      manifests: images.map(({ image, os, architecture, osVersion }) => ({
        mediaType: image.manifestType,
        size: image.manifest.length,
        digest: image.manifestDigest,
        platform: {
          architecture: architecture ?? 'amd64',
          os: os ?? 'windows',
          ...(osVersion === undefined ? {} : { 'os.version': osVersion }),
        },
      })),
    }),
  );
  return { mediaType, bytes, digest: sha256(bytes) };
}

/** A tar of `Files/` with regular files of random bytes, ended by two zero blocks. */
function randomLayerTar(next: () => number, index: number, files: number, fileBytes: number): Buffer {
  const blocks = [tarHeader('Files/', '5', 0), tarHeader(`Files/layer${index}/`, '5', 0)];
  for (let file = 0; file < files; file += 1) {
    const body = Buffer.alloc(fileBytes);
    for (let at = 0; at < fileBytes; at += 1) body[at] = Math.floor(next() * 256);
    blocks.push(
      tarHeader(`Files/layer${index}/file${file}.bin`, '0', fileBytes),
      body,
      Buffer.alloc((512 - (fileBytes % 512)) % 512),
    );
  }
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

function tarHeader(name: string, type: '0' | '5', size: number): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0, 100, 'utf8');
  header.write(type === '5' ? '0040755\0' : '0100644\0', 100, 'latin1');
  header.write('0000000\0', 108, 'latin1');
  header.write('0000000\0', 116, 'latin1');
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124, 'latin1');
  header.write('14600000000\0', 136, 'latin1');
  header.write('        ', 148, 'latin1');
  header.write(type, 156, 'latin1');
  header.write('ustar\u000000', 257, 'latin1');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}

/** mulberry32: small, seeded, good enough for test data. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
