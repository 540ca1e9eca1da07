/**
 * The small files of a data root that commands read beside the host: names and documents of images, containers, networks,
 * volumes. A recording carries them, so that it can be replayed anywhere.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { redacted } from './redact.ts';
import type { Redactor } from './redact.ts';
import { fromJson, toJson } from './encode.ts';
import type { Places } from './encode.ts';

export interface Snapshot {
  readonly files: Record<string, string>;
  readonly omitted: Record<string, string>;
}

/** Folders below the data root, and which of their files count. */
const wanted: readonly (readonly [folder: string, names: RegExp])[] = [
  ['images', /^refs\.json$/],
  ['containers', /^(?:config|state|exit|network|health)\.json$/],
  ['names', /./],
  ['networks', /\.json$/],
  ['volumes', /^volume\.json$/],
  ['.', /^(?:registries\.json|engine-id)$/],
];

const largestFile = 1 << 20;
const largestSnapshot = 16 << 20;

export function takeSnapshot(places: Places, redactor: Redactor): Snapshot {
  const files: Record<string, string> = {};
  const omitted: Record<string, string> = {};
  let total = 0;
  const add = (path: string, exact: boolean): void => {
    const text = readText(join(places.dataRoot, path));
    if (text === undefined) return;
    if (text.length > largestFile || total + text.length > largestSnapshot) {
      omitted[path] = 'too large';
      return;
    }
    const shown = exact ? text : hideSecrets(text, places, redactor);
    // Documents of images are named by their digest: changed they would be worth nothing.
    if (exact && hideSecrets(text, places, redactor).includes(redacted)) {
      omitted[path] = 'holds what looks like a secret';
      return;
    }
    files[path] = shown;
    total += text.length;
  };
  for (const [folder, names] of wanted) {
    for (const path of filesBelow(places.dataRoot, folder, folder === '.' ? 0 : 1)) {
      if (names.test(path.split('/').at(-1)!)) add(path, false);
    }
  }
  for (const path of documentPaths(files['images/refs.json'])) add(path, true);
  return { files, omitted };
}

export function restoreSnapshot(files: Readonly<Record<string, string>>, places: Places): void {
  for (const [path, text] of Object.entries(files)) {
    if (!/^[\w.-]+(?:\/[\w.-]+)*$/.test(path) || path.split('/').includes('..')) continue;
    const target = join(places.dataRoot, path);
    mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
    writeFileSync(target, path.startsWith('oci/') ? text : showPlaces(text, places), { mode: 0o600 });
  }
}

/** Manifests and configurations that the image index names. */
function documentPaths(references: string | undefined): string[] {
  const digests = new Set(references?.match(/sha256:[0-9a-f]{64}/g));
  return [
    ...(digests.size > 0 ? ['oci/oci-layout', 'oci/index.json'] : []),
    ...[...digests].map((digest) => `oci/blobs/sha256/${digest.slice('sha256:'.length)}`),
  ];
}

function filesBelow(root: string, folder: string, depth: number): string[] {
  let entries;
  try {
    entries = readdirSync(join(root, folder), { withFileTypes: true });
  } catch {
    return [];
  }
  const at = (name: string): string => (folder === '.' ? name : `${folder}/${name}`);
  return entries.flatMap((entry) => {
    if (entry.isFile()) return [at(entry.name)];
    return entry.isDirectory() && depth > 0 ? filesBelow(root, at(entry.name), depth - 1) : [];
  });
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function hideSecrets(text: string, places: Places, redactor: Redactor): string {
  try {
    return JSON.stringify(redactor.value(toJson(JSON.parse(text), places)));
  } catch {
    return redactor.text(text);
  }
}

function showPlaces(text: string, places: Places): string {
  try {
    return JSON.stringify(fromJson(JSON.parse(text), places));
  } catch {
    return text;
  }
}
