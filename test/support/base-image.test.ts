import { expect } from 'chai';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { digestOf } from './oci-layout.ts';
import { writeBaseImage } from './base-image.ts';
import type { BaseImageVariant } from './base-image.ts';

/** Configuration digest (image ID) and diffIDs: what must be the same on every machine. Compressed bytes depend on zlib. */
const expected: Record<BaseImageVariant, { id: string; diffIds: string[] }> = {
  nanoserver: {
    id: 'sha256:4afd4e1faa5c3c49b5096d92fb9b190f849c13d62a5e58683e5578dff63e415f',
    diffIds: ['sha256:776e31b8e7c3fd73a350598a03677d1ace606fcec25b03c97f260e99caeb0de1'],
  },
  servercore: {
    id: 'sha256:1931c219fa6249ea0c346d30128732382c570bb38ff08a6a5f9f7f961b05f52c',
    diffIds: [
      'sha256:6d8691bc7d4376db6fe7e46f80254292021e56ef24522defca084337c8471158',
      'sha256:10cf49fa20c44d1a0258932b8006270bbc2a73b135f829ecb04931a7be609e3c',
    ],
  },
};

describe('base image fixture', () => {
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'porthole-base-image-'));
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const variant of ['nanoserver', 'servercore'] as const) {
    it(`makes the same ${variant} everywhere, with blobs that hold what their digests say`, () => {
      const image = writeBaseImage(join(folder, variant), variant);

      expect({ id: image.config.digest, diffIds: image.layers.map((layer) => layer.diffId) }).to.deep.equal(
        expected[variant],
      );
      for (const layer of image.layers) {
        const blob = readFileSync(image.blobPath(layer.digest));
        expect(digestOf(blob)).to.equal(layer.digest);
        expect(digestOf(gunzipSync(blob))).to.equal(layer.diffId);
      }
    });
  }
});
