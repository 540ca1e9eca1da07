/** Runs in Windows Node (test/support/windows-rig.ts): the layer store on the stand-ins of vmcompute and backup streams. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ScratchChange } from '../../../../src/host/memory/layers.ts';
import { createWindowsLayers } from '../../../../src/host/windows/layers.ts';
import { koffi, libraryPath } from '../../../../src/host/windows/ffi/library.ts';
import { layersContract } from '../../../contract/layers.ts';

/** The stand-in keeps what Wine's file system cannot hold beside files: it must hear of those that go another way. */
let forget: ((path: string) => void) | undefined;
function forgetShadows(path: string): void {
  forget ??= koffi()
    .load(libraryPath('backup.dll', process.env))
    .func('void __stdcall StandinForget(str16 path)') as (path: string) => void;
  forget(path);
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

layersContract('windows', async () => {
  const root = mkdtempSync(join(tmpdir(), 'porthole-layers-'));
  const windowsfilter = join(root, 'windowsfilter');
  const trash = join(root, 'trash');
  const layers = createWindowsLayers({
    paths: { windowsfilter, trash, locks: join(root, 'locks') },
    pause: async () => undefined,
  });
  return {
    layers,
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
});
