import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { once } from 'node:events';
import { join } from 'node:path';
import type { ProgressListener } from '../../../api/types/index.ts';
import { splitPath } from '../../../build/source-tree.ts';
import { openAddress } from '../../../remote/open-address.ts';

export interface Download {
  readonly hostPath: string;
  readonly size: number;
  /** Empty when neither the address nor the server tells one. */
  readonly name: string;
  /** Of the Last-Modified header, else the epoch: whole seconds. */
  readonly modified: string;
}

/** ADD of an address (dockerfile.md 2.3): the file as it is, never unpacked. Errors in Docker's words. */
export async function download(
  address: string,
  folder: string,
  options: {
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly onProgress: ProgressListener;
    readonly signal: AbortSignal | undefined;
  },
): Promise<Download> {
  const opened = await openAddress(address, options);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const hostPath = join(folder, 'download');
    const total = Number(opened.header('content-length') ?? 0);
    const size = await save(opened.body as AsyncIterable<Buffer>, hostPath, total, options.onProgress);
    const modified = Date.parse(opened.header('last-modified') ?? '');
    return {
      hostPath,
      size,
      name: fileName(new URL(address), opened.header('content-disposition')),
      modified: String(Number.isNaN(modified) ? 0 : Math.floor(modified / 1000)),
    };
  } finally {
    opened.close();
  }
}

const progressInterval = 512 * 1024;

async function save(
  body: AsyncIterable<Buffer>,
  hostPath: string,
  total: number,
  onProgress: ProgressListener,
): Promise<number> {
  const file = createWriteStream(hostPath, { mode: 0o600, flags: 'w' });
  let size = 0;
  let told = 0;
  const tell = () =>
    onProgress({ status: 'Downloading', progressDetail: { current: size, ...(total > 0 ? { total } : {}) } });
  try {
    for await (const chunk of body) {
      size += chunk.length;
      if (!file.write(chunk)) await once(file, 'drain');
      if (size - told >= progressInterval) {
        told = size;
        tell();
      }
    }
  } finally {
    file.end();
    await once(file, 'close');
  }
  if (size !== told || size === 0) tell();
  return size;
}

function fileName(address: URL, disposition: string | null): string {
  const path = decodeURIComponent(address.pathname);
  if (path !== '' && !path.endsWith('/')) return splitPath(path).at(-1) ?? '';
  const quoted = /;\s*filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]+))/i.exec(disposition ?? '');
  const given = quoted?.[1]?.replace(/\\(.)/g, '$1') ?? quoted?.[2] ?? '';
  return given.endsWith('/') ? '' : (splitPath(given).at(-1) ?? '');
}
