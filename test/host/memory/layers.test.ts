import { createMemoryLayers } from '../../../src/host/memory/layers.ts';
import { layersContract } from '../../contract/layers.ts';

layersContract('memory', async () => {
  const layers = createMemoryLayers();
  return {
    layers,
    change: async (key, changes) => layers.change(key, changes),
    leftovers: () => [],
    dispose: async () => undefined,
  };
});
