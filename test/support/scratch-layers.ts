/** The scratch half of a layer store, in memory: enough for services that never look into layers. */
import { Readable } from 'node:stream';
import type { LayerStore } from '../../src/host/ports/layers.ts';

export interface ScratchLayers extends LayerStore {
  readonly scratches: ReadonlyMap<string, readonly string[]>;
  readonly mounted: ReadonlySet<string>;
  failNext(method: 'createScratch' | 'mount' | 'unmount' | 'removeScratch', error: Error): void;
}

export function scratchLayers(root: string): ScratchLayers {
  const scratches = new Map<string, readonly string[]>();
  const mounted = new Set<string>();
  const failures = new Map<string, Error>();
  const enter = (method: string): void => {
    const failure = failures.get(method);
    failures.delete(method);
    if (failure !== undefined) throw failure;
  };
  const unexpected = (method: string) => (): never => {
    throw new Error(`unscripted call of layers.${method}`);
  };
  return {
    scratches,
    mounted,
    failNext: (method, error) => void failures.set(method, error),
    async createScratch(key, { parents }) {
      enter('createScratch');
      scratches.set(key, parents);
    },
    async mount(key, { attach = true } = {}) {
      enter('mount');
      if (!scratches.has(key)) throw new Error(`no scratch ${key}`);
      if (attach) mounted.add(key);
      return {
        volumePath: attach ? `${root}/${key}` : '',
        folder: `${root}/${key}`,
        layers: scratches.get(key)!.map((id) => ({ Id: id, Path: `${root}/${id}` })),
      };
    },
    async unmount(key) {
      enter('unmount');
      mounted.delete(key);
    },
    async removeScratch(key) {
      enter('removeScratch');
      if (mounted.has(key)) throw new Error(`scratch ${key} is mounted`);
      scratches.delete(key);
    },
    listScratches: async () => [...scratches.keys()],
    usage: async () => ({ size: 4096 }),
    get: async (id) => ({ id, diffId: '', size: 1_000_000, entries: 1, parents: [], path: `${root}/${id}` }),
    list: async () => [],
    diff: async (key) => {
      if (mounted.has(key)) throw new Error(`scratch ${key} is mounted`);
      return Readable.from([`diff of ${key}`]);
    },
    changes: unexpected('changes'),
    stat: unexpected('stat'),
    isPrivileged: async () => true,
    openApply: unexpected('openApply'),
    remove: unexpected('remove'),
    compose: unexpected('compose'),
    readTree: unexpected('readTree'),
    sweep: async () => undefined,
  };
}
