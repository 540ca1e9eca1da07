import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLinuxLayers } from '../../../src/host/linux/layers.ts';
import { listNames } from '../../../src/state/atomic-file.ts';
import { dataPaths } from '../../../src/state/paths.ts';
import { layersContract } from '../../contract/layers.ts';
import { changeScratch, overlayProblem } from '../../support/overlay.ts';

const probe = mkdtempSync(join(tmpdir(), 'porthole-overlay-'));
const problem = process.platform === 'linux' ? overlayProblem(probe) : 'not Linux';
rmSync(probe, { recursive: true, force: true });

layersContract(
  `linux${problem === undefined ? '' : ` (changes skipped: no overlay here: ${problem})`}`,
  async () => {
    const root = mkdtempSync(join(tmpdir(), 'porthole-layers-'));
    const paths = dataPaths(root);
    const layers = createLinuxLayers({ paths });
    return {
      layers,
      ...(problem === undefined
        ? {
            change: async (key, changes) =>
              changeScratch(await layers.mount(key), join(root, 'mnt'), changes),
          }
        : {}),
      leftovers: () => listNames(paths.windowsfilter).filter((name) => name.endsWith('.partial')),
      dispose: async () => rmSync(root, { recursive: true, force: true }),
    };
  },
);
