/** A transport folder as a layer tar, entry for entry as the Windows exporter has them (windows-layers.md 1.3, 1.4). */
import { Readable } from 'node:stream';
import type { PackItem } from '../../layer/packer.ts';
import type { TarHeader } from '../../layer/tar-writer.ts';
import type { LayerView } from '../../layer/view.ts';
import { record, whiteoutHeader, windowsHeader } from '../../layer/windows-records.ts';
import type { LayerChange } from '../ports/layers.ts';
import type { NtFile } from './nt-file.ts';
import { readPieces, readTransport } from './transport-folder.ts';
import type { ExportedObject, ExportedStream } from './transport-folder.ts';

export async function* exportItems(
  root: NtFile,
  folder: string,
  signal?: AbortSignal,
): AsyncGenerator<PackItem> {
  /** First name of files that have several. */
  const firstNames = new Map<string, string>();
  for await (const object of readTransport(root, folder, signal)) {
    yield itemOf(root, object, firstNames);
    for (const stream of object.streams) yield streamItem(root, object, stream);
  }
}

function itemOf(root: NtFile, object: ExportedObject, firstNames: Map<string, string>): PackItem {
  const { kind, path, metadata, size, pieces, carrier, target, fileId } = object;
  switch (kind) {
    case 'whiteout':
      return { header: whiteoutHeader(path) };
    case 'directory':
      return { header: windowsHeader(path, 'directory', metadata) };
    case 'symlink':
      return { header: windowsHeader(path, 'symlink', metadata, { linkName: target ?? '' }) };
    case 'file': {
      const first = fileId === undefined ? undefined : firstNames.get(fileId);
      if (first !== undefined) return { header: hardLink(windowsHeader(path, 'file', metadata), first) };
      if (fileId !== undefined) firstNames.set(fileId, path);
      return {
        header: windowsHeader(path, 'file', metadata, { size }),
        content: { open: () => Readable.from(readPieces(root, carrier, pieces, size)) },
      };
    }
  }
}

function hardLink(header: TarHeader, target: string): TarHeader {
  const records = new Map(header.records);
  records.delete(record.rawSecurity);
  return { ...header, type: '1', mode: 0o644, linkName: target, records };
}

/** `<owner>:<stream>`, directly after its owner, with times alone. */
function streamItem(
  root: NtFile,
  { path, metadata, carrier }: ExportedObject,
  stream: ExportedStream,
): PackItem {
  const owner = windowsHeader(path, 'file', metadata);
  const records = new Map<string, string>();
  for (const key of [record.accessed, record.changed]) {
    const value = owner.records?.get(key);
    if (value !== undefined) records.set(key, value);
  }
  const { name, size, pieces } = stream;
  return {
    header: { ...owner, name: `${path}:${name}`, records, size },
    content: { open: () => Readable.from(readPieces(root, carrier, pieces, size)) },
  };
}

/** The export as Docker lists it, without the roots. Windows cannot tell added from modified; the parents can. */
export async function listChanges(
  root: NtFile,
  folder: string,
  parents: LayerView,
  signal?: AbortSignal,
): Promise<LayerChange[]> {
  const changes: LayerChange[] = [];
  for await (const { kind, path } of readTransport(root, folder, signal)) {
    if (path === 'Files' || path === 'Hives') continue;
    const below = path.startsWith('Files/') ? path.slice('Files/'.length) : undefined;
    const isKnown = below === undefined || parents.lookup(below)?.type === kind;
    changes.push({ path, kind: kind === 'whiteout' ? 'deleted' : isKnown ? 'modified' : 'added' });
  }
  return changes;
}
