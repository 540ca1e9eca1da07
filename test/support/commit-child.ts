/**
 * `node commit-child.ts ROOT PARENT SEED`: commits a layer in a process of its own that stands still, and writes the layer's ID,
 * when the layer is visible and nothing names it yet: for tests that kill it there.
 */
import { Readable } from 'node:stream';
import { commitImage } from '../../src/engine/local/images/commit.ts';
import type { LayerStore } from '../../src/host/ports/layers.ts';
import { randomImage } from '../../src/image/random.ts';
import { ImageStore } from './image-store.ts';

const [root = '', parent = '', seed = ''] = process.argv.slice(2);

const openApply = async (
  layers: LayerStore,
  ...call: Parameters<LayerStore['openApply']>
): ReturnType<LayerStore['openApply']> => {
  const apply = await layers.openApply(...call);
  return {
    write: (chunk) => apply.write(chunk),
    abort: () => apply.abort(),
    commit: async (diffId) => {
      const { id } = await apply.commit(diffId);
      process.stdout.write(id);
      return new Promise(() => setInterval(() => undefined, 1000));
    },
  };
};

const store = new ImageStore({
  root,
  layers: (layers) =>
    new Proxy(layers, {
      get: (target, key) => {
        if (key === 'openApply') return openApply.bind(undefined, target);
        const value: unknown = Reflect.get(target, key, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    }),
});
await commitImage(store.deps, {
  parent,
  layer: Readable.from([randomImage({ seed: Number(seed), layers: 1 }).layers[0]!.tar]),
  history: { createdBy: 'RUN' },
});
