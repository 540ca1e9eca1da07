/** Extended attributes of an overlay's upper directory: what the kernel and Wine keep there (linux-backend.md 12). */
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { asError } from '../../errors/porthole-error.ts';
import { LayerError } from '../../layer/layer-error.ts';
import { TarParser } from '../../layer/tar-reader.ts';
import type { UpperAttributes } from '../../layer/export-changes.ts';

const prefix = 'SCHILY.xattr.';
/** As root and as an ordinary user (`userxattr`); fuse-overlayfs has a name of its own. */
const opaqueNames = ['trusted.overlay.opaque', 'user.overlay.opaque', 'user.fuseoverlayfs.opaque'];
const redirectNames = ['trusted.overlay.redirect', 'user.overlay.redirect'];
const dosAttributes = 'user.DOSATTRIB';
/** fuse-overlayfs where it may not set attributes. */
const opaqueMarker = '.wh..wh..opq';

/**
 * Reads them all in one pass. Node cannot read extended attributes; `tar`, which every system has, writes them into its
 * headers. File contents pass through a pipe and are skipped.
 */
export async function readUpperAttributes(upper: string, signal?: AbortSignal): Promise<UpperAttributes> {
  const opaque = new Set<string>();
  const redirects = new Map<string, string>();
  const attributes = new Map<string, number>();
  const paths: string[] = [];
  listTree(upper, '', paths, opaque);

  const parser = new TarParser({
    entry: ({ name, records }) => {
      const path = name.replace(/^\.\/|\/$/g, '').replace(/\/$/, '');
      const stored = path === '.' ? '' : path;
      const valueOf = (names: readonly string[]): string | undefined =>
        names.map((key) => records.get(prefix + key)).find((value) => value !== undefined);
      // `x` only says that whiteouts of another form are below.
      if (valueOf(opaqueNames) === 'y') opaque.add(stored);
      const redirect = valueOf(redirectNames);
      if (redirect !== undefined) redirects.set(stored, redirect);
      const bits = Number(records.get(prefix + dosAttributes)?.replace(/\0.*$/s, ''));
      if (Number.isInteger(bits)) attributes.set(stored, bits);
    },
    data: () => undefined,
    end: () => undefined,
  });
  await runTar(upper, paths, parser, signal);
  return { opaque, redirects, attributes };
}

/** Directories and regular files, C: first: whiteouts, links and sockets have no attributes that matter. */
function listTree(folder: string, path: string, paths: string[], opaque: Set<string>): void {
  paths.push(path === '' ? '.' : `./${path}`);
  for (const dirent of readdirSync(folder, { withFileTypes: true })) {
    const below = path === '' ? dirent.name : `${path}/${dirent.name}`;
    if (dirent.isDirectory()) listTree(join(folder, dirent.name), below, paths, opaque);
    else if (dirent.name === opaqueMarker) opaque.add(path);
    else if (dirent.isFile()) paths.push(`./${below}`);
  }
}

async function runTar(
  folder: string,
  paths: readonly string[],
  parser: TarParser,
  signal: AbortSignal | undefined,
): Promise<void> {
  const options = [
    '--format=posix',
    '--xattrs',
    '--xattrs-include=trusted.overlay.*',
    '--xattrs-include=user.*',
  ];
  const input = ['--no-recursion', '--null', '--verbatim-files-from', '--files-from=-'];
  const child = spawn('tar', ['-c', '-f', '-', '-C', folder, ...options, ...input], {
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(signal === undefined ? {} : { signal }),
  });
  let words = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (words = (words + text).slice(0, 2000)));
  const ended = new Promise<string | undefined>((resolve) => {
    child.once('error', (error) => resolve(asError(error).message));
    child.once('close', (code) =>
      resolve(code === 0 ? undefined : (words.trim().split('\n')[0] ?? `tar: ${code}`)),
    );
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(`${paths.join('\0')}\0`);
  for await (const chunk of child.stdout) parser.push(chunk as Buffer);
  const complaint = await ended;
  signal?.throwIfAborted();
  if (complaint !== undefined)
    throw new LayerError('LAYER_HOST_UNSUPPORTED', `cannot read the changes of a container: ${complaint}`, {
      hint: 'this needs GNU tar with support for extended attributes',
    });
  parser.finish();
}
