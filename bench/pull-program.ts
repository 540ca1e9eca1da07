/**
 * What `bench/pull.ts` measures: `porthole pull` below the command line. `node bench/pull-program.ts pull ROOT REFERENCE` fills
 * both stores; `… download ROOT REFERENCE` only brings the blobs (digests checked). Prints peak memory in bytes.
 */
import { BlobStore } from '../src/content/blobs.ts';
import { fetchInto, openFetch } from '../src/engine/local/images/fetch-blob.ts';
import { LayerProgress } from '../src/engine/local/images/progress.ts';
import { pullImage } from '../src/engine/local/images/pull.ts';
import { fetchTarget } from '../src/engine/local/images/pull-target.ts';
import { createLinuxLayers } from '../src/host/linux/layers.ts';
import type { ComputePort } from '../src/host/ports/compute.ts';
import { parseReference } from '../src/image/reference.ts';
import { RegistryClient } from '../src/registry/client.ts';
import { dataPaths } from '../src/state/paths.ts';

const [what, root, text] = process.argv.slice(2);
if (root === undefined || text === undefined)
  throw new Error('usage: pull-program pull|download ROOT REFERENCE');
const paths = dataPaths(root);
const environment = {
  platform: 'linux',
  arch: 'x64',
  env: process.env,
  now: Date.now,
  dataRoot: root,
} as const;

if (what === 'download') await download(text);
else await pull(text);
process.stdout.write(`${process.resourceUsage().maxRSS * 1024}\n`);

async function pull(reference: string): Promise<void> {
  const layers = createLinuxLayers({ paths });
  const compute = {
    host: async () => ({ osVersion: '10.0.20348.2227', backend: 'wine' }),
  } as unknown as ComputePort;
  await pullImage({ environment, paths, host: async () => ({ layers, compute }) }, reference, {
    onProgress: () => undefined,
  });
}

async function download(name: string): Promise<void> {
  const reference = parseReference(name);
  const client = new RegistryClient({ environment });
  const repository = client.open(reference, 'pull');
  const blobs = new BlobStore(paths);
  const context = { paths, blobs, client, repository, signal: new AbortController().signal };
  const manifest = await fetchTarget(repository, blobs, reference, undefined, undefined);
  if (manifest.kind !== 'manifest') throw new Error('not a plain image');
  await Promise.all(
    [manifest.config, ...manifest.layers].map(async (descriptor) => {
      const progress = new LayerProgress('', undefined, () => 0);
      const ingest = await openFetch(context, descriptor, progress);
      if (ingest === undefined) return;
      await fetchInto(context, ingest, descriptor, progress);
      ingest.close();
    }),
  );
  client[Symbol.dispose]();
}
