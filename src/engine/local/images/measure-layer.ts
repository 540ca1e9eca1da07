import { createHash } from 'node:crypto';
import type { Digest } from '../../../image/digest.ts';
import { checkDiffId } from '../../../layer/chain-id.ts';
import { defaultLayerLimits, LayerBudget } from '../../../layer/limits.ts';
import { pumpLayer } from '../../../layer/pump.ts';
import { TarParser } from '../../../layer/tar-reader.ts';
import { FileBlobSource, readBlob } from './blob-source.ts';

/**
 * Inflates a layer blob to nowhere: that it is the layer of that diffID (code `LAYER_DIFF_ID_MISMATCH`), and how many bytes
 * of file content it has. What unpacking finds out too, where nothing is unpacked.
 */
export async function measureLayer(
  path: string,
  blob: { readonly digest: Digest; readonly size: number },
  diffId: Digest,
  options: { readonly signal?: AbortSignal | undefined; readonly onProgress?: (bytes: number) => void } = {},
): Promise<{ readonly size: number }> {
  const { signal, onProgress } = options;
  const budget = new LayerBudget(defaultLayerLimits, blob.size);
  const hash = createHash('sha256');
  let size = 0;
  const parser = new TarParser({
    entry: (entry) => {
      budget.takeEntry(entry);
      if (entry.type === '0') size += entry.size;
    },
    data: () => undefined,
    end: () => undefined,
  });
  const source = new FileBlobSource(path, blob);
  try {
    await pumpLayer(
      readBlob(source, onProgress),
      {
        write: (chunk) => {
          const bytes = chunk as Buffer;
          budget.takeBytes(bytes.length);
          hash.update(bytes);
          parser.push(bytes);
        },
      },
      signal === undefined ? {} : { signal },
    );
    parser.finish();
  } finally {
    source.close();
  }
  checkDiffId(diffId, `sha256:${hash.digest('hex')}`);
  return { size };
}
