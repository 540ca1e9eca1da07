/**
 * A transport folder as HcsImportLayer wants it: whole, as HcsExportLayer makes it. vmcompute's ImportLayer asks for less:
 * lists of deletions it refuses, and hives that a layer does not change may be left out.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileAttribute } from '../../layer/metadata.ts';
import { listNames } from '../../state/atomic-file.ts';
import { saveEmptyHive } from './ffi/offreg.ts';
import { HostFileError } from './host-file-error.ts';
import type { LayerTransport } from './layer-driver.ts';
import { directorySuffix, tombstonesHeader, tombstonesName } from './transport-folder.ts';

const hives = ['DefaultUser', 'Sam', 'Security', 'Software', 'System'];
const filesRoot = 'Files\\';

/** Adds the lists of deletions and of rights, and an empty hive for each that the layer has no changes for. */
export async function completeTransport(
  { folder, deletions }: LayerTransport,
  version: { readonly major: number; readonly minor: number },
): Promise<void> {
  const folderOfHives = join(folder, 'Hives');
  mkdirSync(folderOfHives, { recursive: true });
  const known = new Set(listNames(folderOfHives).map((name) => name.toLowerCase()));
  for (const hive of hives) {
    const name = `${hive}_Delta`;
    if (known.has(name.toLowerCase())) continue;
    const path = join(folderOfHives, name);
    const code = await saveEmptyHive(path, version);
    if (code !== 0) throw new HostFileError('save hive', path, code);
  }
  const attributes = Buffer.alloc(4);
  attributes.writeUInt32LE(fileAttribute.directory);
  writeFileSync(folderOfHives + directorySuffix, attributes);
  writeFileSync(join(folder, tombstonesName), tombstonesText(deletions));
}

/** windows-layers.md 2.5: paths begin with a backslash and are below Files. */
export function tombstonesText(deletions: readonly string[]): string {
  const lines = deletions.map((path) => {
    if (!path.startsWith(filesRoot)) throw new TypeError(`not below Files: ${path}`);
    return path.slice(filesRoot.length - 1);
  });
  return [tombstonesHeader, ...lines, ''].join('\n');
}
