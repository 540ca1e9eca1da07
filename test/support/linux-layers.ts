import { execFileSync } from 'node:child_process';
import { lstatSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLinuxLayers } from '../../src/host/linux/layers.ts';
import { formatHeader, tarEnd } from '../../src/layer/tar-writer.ts';
import { dataPaths } from '../../src/state/paths.ts';
import type { LinuxLayersDeps } from '../../src/host/linux/layers.ts';
import type { LayerStore } from '../../src/host/ports/layers.ts';
import type { DataPaths } from '../../src/state/paths.ts';

/** A store on disk of its own, removed with `using`. */
export class TemporaryStore implements Disposable {
  readonly root = mkdtempSync(join(tmpdir(), 'porthole-layers-'));
  readonly paths: DataPaths = dataPaths(this.root);
  readonly layers: LayerStore;

  constructor(deps: Omit<LinuxLayersDeps, 'paths'> = {}) {
    this.layers = createLinuxLayers({ paths: this.paths, ...deps });
  }

  folder(id: string): string {
    return join(this.paths.windowsfilter, id);
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** `path kind` of everything below a folder, sorted: `/` directories, `=` whiteouts, `@ -> target` links, `N bytes` files. */
export function listing(folder: string, below = ''): string[] {
  const lines: string[] = [];
  for (const name of readdirSync(join(folder, below)).sort()) {
    const path = below === '' ? name : `${below}/${name}`;
    const stats = lstatSync(join(folder, path));
    if (stats.isDirectory()) lines.push(`${path}/`, ...listing(folder, path));
    else if (stats.isSymbolicLink()) lines.push(`${path} -> ${readlinkSync(join(folder, path))}`);
    else if (stats.isCharacterDevice()) lines.push(`${path} = ${stats.rdev}`);
    else lines.push(`${path} ${stats.size}`);
  }
  return lines;
}

/** Makes an empty file or directory with extended attributes, which Node cannot do. */
export function makeWithAttributes(
  folder: string,
  path: string,
  type: '0' | '5',
  attributes: Readonly<Record<string, string>>,
): void {
  const records = new Map(Object.entries(attributes).map(([key, value]) => [`SCHILY.xattr.${key}`, value]));
  const mode = type === '5' ? 0o755 : 0o644;
  const header = formatHeader({ name: `./${path}`, type, mode, mtime: '1646092800', records });
  execFileSync('tar', ['-x', '-f', '-', '-C', folder, '--xattrs', '--xattrs-include=*'], {
    input: Buffer.concat([header, tarEnd]),
  });
}
