/** A container's changes as a Windows layer tar: names, metadata and order as the Windows exporter has them (windows-layers.md 1.4). */
import { createReadStream, lstatSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { collectChanges, hiveFiles, requireLayerName } from './export-changes.ts';
import { directorySecurityDescriptor, fileAttribute, fileSecurityDescriptor } from './metadata.ts';
import { packEntries } from './packer.ts';
import { paxTimeOfNanoseconds } from './pax.ts';
import { record, whiteoutHeader, windowsHeader } from './windows-records.ts';
import type { ComposeContent } from './compose-entry.ts';
import type { ChangedObject, ExportSource } from './export-changes.ts';
import type { WindowsMetadata } from './metadata.ts';
import type { PackItem } from './packer.ts';
import type { TarHeader } from './tar-writer.ts';
import type { LayerViewDetails } from './view.ts';

/** Ends of names that were too long to store (`storedName`). */
const shortened = /~[0-9a-f]{16}$/;
/** Attributes that describe how a volume stores a file, not the file. */
const volumeAttributes = fileAttribute.compressed | fileAttribute.encrypted | fileAttribute.offline;
const settableAttributes = fileAttribute.hidden | fileAttribute.system | fileAttribute.archive;

/** The layer tar of everything that changed. The same changes give the same bytes. */
export function exportLayerTar(source: ExportSource, signal?: AbortSignal): Readable {
  const chunks = packEntries(exportItems(source), signal);
  return Readable.from(chunks, { objectMode: false, highWaterMark: 1 << 20 });
}

function* exportItems(source: ExportSource): Generator<PackItem> {
  /** First name of files that have several. */
  const firstNames = new Map<string, string>();
  const changes = collectChanges(source);
  // Before anything is read: an export may take minutes.
  for (const { path } of changes) requireLayerName(path);
  for (const change of changes) {
    if (change.kind === 'whiteout') {
      yield { header: whiteoutHeader(`Files/${originalPath(source, change.path)}`) };
      continue;
    }
    const name = change.path === '' ? 'Files' : `Files/${originalPath(source, change.path)}`;
    if (change.kind === 'file') yield fileItem(source, change, name, firstNames);
    else if (change.kind === 'symlink') yield { header: linkHeader(source, change, name) };
    else yield { header: windowsHeader(name, 'directory', metadataOf(source, change)) };
  }
  yield* hiveItems(source);
}

function fileItem(
  source: ExportSource,
  change: ChangedObject,
  name: string,
  firstNames: Map<string, string>,
): PackItem {
  const { stats } = change;
  const metadata = metadataOf(source, change);
  const inode = `${stats.dev}:${stats.ino}`;
  const first = stats.nlink > 1n ? firstNames.get(inode) : undefined;
  if (first !== undefined) return { header: hardLink(windowsHeader(name, 'file', metadata), first) };
  if (stats.nlink > 1n) firstNames.set(inode, name);
  return {
    header: windowsHeader(name, 'file', metadata, { size: Number(stats.size) }),
    content: contentOf(change),
  };
}

function contentOf(change: ChangedObject): ComposeContent {
  const { hostPath } = change;
  // A link here is one of the Wine template's, which lead to Wine's own files; the container's own are never followed.
  const isTemplateLink = change.isDetached && lstatSync(hostPath).isSymbolicLink();
  return isTemplateLink ? { open: () => createReadStream(hostPath) } : { hostPath };
}

function hardLink(header: TarHeader, target: string): TarHeader {
  const records = new Map(header.records);
  records.delete(record.rawSecurity);
  return { ...header, type: '1', mode: 0o644, linkName: target, records };
}

function linkHeader(source: ExportSource, change: ChangedObject, name: string): TarHeader {
  const known = detailsOf(source, change);
  const target = known?.target ?? windowsTarget(readlinkSync(change.hostPath));
  const metadata = metadataOf(source, change);
  if (known !== undefined) return windowsHeader(name, 'symlink', metadata, { linkName: target });
  const folder = change.path.slice(0, Math.max(change.path.lastIndexOf('/'), 0));
  const leadsTo = /^[A-Za-z]:|^\\/.test(target) ? target : `${folder}\\${target}`;
  const isDirectory = isBelowC(target) && source.merged.lookup(leadsTo)?.type === 'directory';
  const attributes = fileAttribute.reparsePoint | (isDirectory ? fileAttribute.directory : 0);
  return windowsHeader(name, 'symlink', { ...metadata, attributes }, { linkName: target });
}

/** What a link that was made inside the container is on Windows: C: is mounted at `/c` there. Others stay as they are. */
function windowsTarget(target: string): string {
  const inC = /^\/c(\/|$)/.exec(target);
  return (inC === null ? target : `C:/${target.slice(inC[0].length)}`).replaceAll('/', '\\');
}

function isBelowC(target: string): boolean {
  return !target.startsWith('\\') && (!target.includes(':') || /^[Cc]:/.test(target));
}

function metadataOf(source: ExportSource, change: ChangedObject): WindowsMetadata {
  const isDirectory = change.kind === 'directory';
  const inherited = detailsOf(source, change)?.metadata;
  const modified = paxTimeOfNanoseconds(change.stats.mtimeNs);
  const isRoot = change.path === '';
  // Times of the run are the content's own; access times would make every export different.
  const times =
    isRoot && inherited !== undefined ? inherited : { modified, created: inherited?.created ?? modified };
  const { securityDescriptor: own, securityText, extendedAttributes, mountPoint } = inherited ?? {};
  const usual = isDirectory ? directorySecurityDescriptor : fileSecurityDescriptor;
  const securityDescriptor = inherited === undefined ? usual : own;
  return {
    ...times,
    attributes: attributesOf(source, change, inherited?.attributes),
    ...(securityDescriptor === undefined ? {} : { securityDescriptor }),
    ...(securityText === undefined ? {} : { securityText }),
    ...(extendedAttributes === undefined ? {} : { extendedAttributes }),
    ...(mountPoint === undefined ? {} : { mountPoint }),
  };
}

function attributesOf(source: ExportSource, change: ChangedObject, inherited: number | undefined): number {
  const usual = {
    directory: fileAttribute.directory,
    file: fileAttribute.archive,
    symlink: fileAttribute.reparsePoint,
  };
  let attributes = (inherited ?? usual[change.kind]) & ~volumeAttributes;
  const set = source.attributes.attributes.get(change.path);
  if (set !== undefined) attributes = (attributes & ~settableAttributes) | (set & settableAttributes);
  if (change.kind === 'directory') return attributes | fileAttribute.directory;
  if (change.kind === 'symlink') return attributes | fileAttribute.reparsePoint;
  const isReadOnly = (change.stats.mode & 0o222n) === 0n;
  attributes &= ~(fileAttribute.readOnly | fileAttribute.directory | fileAttribute.reparsePoint);
  return (isReadOnly ? attributes | fileAttribute.readOnly : attributes) || fileAttribute.normal;
}

/** What the parents' tars said of this very object; nothing for one that only has the name of theirs. */
function detailsOf(source: ExportSource, change: ChangedObject): LayerViewDetails | undefined {
  if (change.kind === 'directory' || change.isDetached) return source.merged.describe(change.path);
  return change.isNew ? undefined : source.parents.describe(change.path);
}

/** The path with names that were too long to store put back. */
function originalPath(source: ExportSource, path: string): string {
  if (!path.includes('~')) return path;
  const names = path.split('/');
  return names
    .map((name, index) => {
      if (!shortened.test(name)) return name;
      const tarName = source.merged
        .describe(names.slice(0, index + 1).join('/'))
        ?.tarName?.replace(/\/$/, '');
      return tarName?.slice(tarName.lastIndexOf('/') + 1) ?? name;
    })
    .join('/');
}

function* hiveItems(source: ExportSource): Generator<PackItem> {
  const modified = paxTimeOfNanoseconds(lstatSync(source.upper, { bigint: true }).mtimeNs);
  const folder = { attributes: fileAttribute.directory, modified };
  yield { header: windowsHeader('Hives', 'directory', folder) };
  for (const name of hiveFiles(source.hives)) {
    const hostPath = join(source.hives, name);
    const stats = lstatSync(hostPath, { bigint: true });
    const metadata = { attributes: fileAttribute.archive, modified: paxTimeOfNanoseconds(stats.mtimeNs) };
    yield {
      header: windowsHeader(`Hives/${name}`, 'file', metadata, { size: Number(stats.size) }),
      content: { hostPath },
    };
  }
}
