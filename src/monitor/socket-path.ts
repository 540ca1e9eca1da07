import { createHash } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { containerFiles } from '../state/container-files.ts';
import type { DataPaths } from '../state/paths.ts';

/** `sun_path` holds 108 bytes with its final zero; libuv refuses longer ones. */
const longestSocketPath = 107;

/** Address of a container's monitor: a socket in its folder, a named pipe on Windows. */
export function monitorAddress(platform: 'win32' | 'linux', paths: DataPaths, containerId: string): string {
  if (platform === 'win32') {
    const root = createHash('sha256').update(paths.root.toLowerCase()).digest('hex').slice(0, 12);
    return `\\\\.\\pipe\\porthole-${root}-${containerId}`;
  }
  return join(paths.container(containerId), containerFiles.socket);
}

/**
 * Runs `use` with a spelling of a socket path that fits the system's limit: a long one goes through the open folder
 * (`/proc/self/fd/N/monitor.sock`). `use` must bind or connect before it returns.
 */
export function withShortPath<T>(path: string, use: (short: string) => T): T {
  if (Buffer.byteLength(path) <= longestSocketPath || path.startsWith('\\\\')) return use(path);
  const folder = openSync(dirname(path), 'r');
  try {
    return use(`/proc/self/fd/${folder}/${basename(path)}`);
  } finally {
    closeSync(folder);
  }
}
