import { Readable } from 'node:stream';
import { nothingAt } from '../../layer/layer-error.ts';
import { walkView } from '../../layer/view.ts';
import type { PortCall } from '../ports/compute.ts';
import type { TreeEntry } from '../ports/layers.ts';
import { plainDirectory } from './recorded-view.ts';
import type { RecordedView } from './recorded-view.ts';

/** `LayerStore.readTree` of layers. `openFile` opens a file below a layer's folder. Nothing there: `LAYER_PATH_NOT_FOUND`. */
export function* readRecordedTree(
  view: RecordedView,
  windowsPath: string,
  openFile: (folder: string, path: string) => Readable,
  { signal }: PortCall = {},
): Generator<TreeEntry> {
  const root = view.lookup(windowsPath);
  if (root === undefined) throw nothingAt(windowsPath);
  const skipped = root.path === '' ? 0 : root.path.length + 1;
  for (const { path, type, size } of walkView(view, root)) {
    signal?.throwIfAborted();
    const details = view.describe(path);
    yield {
      path: path.slice(skipped),
      type,
      size,
      metadata: details?.metadata ?? plainDirectory,
      ...(details?.target === undefined ? {} : { target: details.target }),
      // No `hostPath`: some files may be read with the backup privileges only.
      open: () => {
        const file = view.fileOf(path);
        return file === undefined ? Readable.from([]) : openFile(file.folder, file.path);
      },
    };
  }
}
