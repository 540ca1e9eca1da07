/**
 * What `bench/unpack.ts` measures: unpacks layer blobs into a new data root as a pull does from a finished download.
 * `node bench/unpack-program.ts ROOT BLOB...`, base first.
 */
import { createReadStream, statSync } from 'node:fs';
import { createLinuxLayers } from '../src/host/linux/layers.ts';
import { pumpLayer } from '../src/layer/pump.ts';
import { releaseBuffer } from '../src/registry/release-buffer.ts';
import { dataPaths } from '../src/state/paths.ts';

const [root, ...blobs] = process.argv.slice(2);
if (root === undefined) throw new Error('usage: unpack-program ROOT BLOB...');
const layers = createLinuxLayers({ paths: dataPaths(root) });
const parents: string[] = [];
for (const blob of blobs) {
  const apply = await layers.openApply(undefined, {
    parents: [...parents],
    declaredSize: statSync(blob).size,
  });
  const write = async (chunk: Uint8Array): Promise<void> => {
    await apply.write(chunk);
    releaseBuffer(chunk);
  };
  await pumpLayer(
    createReadStream(blob, { highWaterMark: 512 << 10 }),
    { write },
    { onTaken: releaseBuffer },
  );
  parents.unshift((await apply.commit()).id);
}
