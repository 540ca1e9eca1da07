/** A layer store on the stand-ins, in a folder of its own. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ScratchChange } from '../../../../src/host/memory/layers.ts';
import type { LayerStore } from '../../../../src/host/ports/layers.ts';
import type { LayerDriverName } from '../../../../src/host/layer-folders.ts';
import { createWindowsLayers } from '../../../../src/host/windows/layers.ts';
import { defineLibrary } from '../../../../src/host/windows/ffi/library.ts';
import type { LayerContractHost } from '../../../contract/layers-subject.ts';

const backup = defineLibrary('backup.dll', {
  StandinForget: { proto: 'void __stdcall StandinForget(str16 path)', mode: 'sync' },
});

export interface WindowsStore extends LayerContractHost {
  readonly root: string;
  readonly layers: LayerStore;
  readonly windowsfilter: string;
  readonly trash: string;
}

export interface WindowsStoreOptions {
  readonly driver?: LayerDriverName;
  /** A store that was opened before, to look at its folders with another driver. */
  readonly root?: string;
}

export function openWindowsStore({ driver, root: known }: WindowsStoreOptions = {}): WindowsStore {
  mkdirSync(tmpdir(), { recursive: true });
  const root = known ?? mkdtempSync(join(tmpdir(), 'porthole-layers-'));
  const windowsfilter = join(root, 'windowsfilter');
  const trash = join(root, 'trash');
  const layers = createWindowsLayers({
    paths: { windowsfilter, plainLayers: join(root, 'plain-layers'), trash, locks: join(root, 'locks') },
    pause: async () => undefined,
    ...(driver === undefined ? {} : { driver }),
  });
  return {
    root,
    layers,
    windowsfilter,
    trash,
    change: async (key, changes) => {
      const { volumePath } = await layers.mount(key);
      change(volumePath, changes);
      await layers.unmount(key);
    },
    leftovers: () =>
      [windowsfilter, trash].flatMap((folder) =>
        existsSync(folder) ? readdirSync(folder).filter((name) => !/^[0-9a-f]{64}$/.test(name)) : [],
      ),
    dispose: async () => {
      forgetShadows(root);
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** The stand-in keeps beside files what Wine's file system cannot hold: it must hear of files that go another way. */
function forgetShadows(path: string): void {
  backup.callSync('StandinForget', path);
}

/** What a program in the container would do: the mounted volume is its C:. */
function change(volume: string, changes: readonly ScratchChange[]): void {
  for (const one of changes) {
    const path = join(volume, 'path' in one ? one.path : join('WcSandboxState', 'Hives', one.name));
    if (one.kind === 'remove') {
      forgetShadows(path);
      rmSync(path, { recursive: true });
    } else if (one.kind === 'directory') {
      mkdirSync(path, { recursive: true });
    } else {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, one.content);
    }
  }
}
