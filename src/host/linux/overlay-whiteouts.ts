/** Character devices 0:0, by which overlayfs knows deleted names. Linux 5.8 and newer lets every user make them. */
import { spawn } from 'node:child_process';
import { asError } from '../../errors/porthole-error.ts';
import { LayerError } from '../../layer/layer-error.ts';
import { formatHeader, tarEnd } from '../../layer/tar-writer.ts';

/**
 * Makes a whiteout at each of the absolute `paths` below `folder`. Node cannot make devices, `tar` can: one process however
 * many there are. Refused by the host: code `LAYER_HOST_UNSUPPORTED`.
 */
export async function makeOverlayWhiteouts(folder: string, paths: readonly string[]): Promise<void> {
  if (paths.length === 0) return;
  const headers = paths.map((path) => {
    // `./` keeps a name that begins with a dash, or that tar knows, a plain name.
    const name = `./${path.slice(folder.length + 1)}`;
    return formatHeader({ name, type: '3', mode: 0, mtime: '0' });
  });
  const complaint = await runTar(folder, Buffer.concat([...headers, tarEnd]));
  if (complaint === undefined) return;
  throw new LayerError('LAYER_HOST_UNSUPPORTED', `cannot mark deleted files of a layer: ${complaint}`, {
    hint: 'this needs GNU tar, Linux 5.8 or newer, and a data root on a file system that can hold device files',
  });
}

/** What tar said when it failed; undefined when all went well. */
function runTar(folder: string, input: Buffer): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn('tar', ['-x', '-f', '-', '-C', folder], { stdio: ['pipe', 'ignore', 'pipe'] });
    let words = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (words = (words + text).slice(0, 2000)));
    child.once('error', (error) => resolve(asError(error).message));
    child.once('close', (code) =>
      resolve(code === 0 ? undefined : (words.trim().split('\n')[0] ?? `tar: ${code}`)),
    );
    // A tar that ends early closes the pipe; its exit code and words tell why.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}
