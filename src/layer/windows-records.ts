/** Windows metadata <-> PAX records (windows-layers.md 1.2, 1.3). */
import { LayerError } from './layer-error.ts';
import { fileAttribute } from './metadata.ts';
import { normalizePaxTime } from './pax.ts';
import type { PaxTime, WindowsMetadata } from './metadata.ts';
import type { TarHeader } from './tar-writer.ts';
import type { TarEntry } from './tar-reader.ts';

export const record = {
  attributes: 'MSWINDOWS.fileattr',
  rawSecurity: 'MSWINDOWS.rawsd',
  sddl: 'MSWINDOWS.sd',
  mountPoint: 'MSWINDOWS.mountpoint',
  extendedAttributePrefix: 'MSWINDOWS.xattr.',
  created: 'LIBARCHIVE.creationtime',
  accessed: 'atime',
  changed: 'ctime',
} as const;

/** Windows itself refuses more. */
const maxSecurityDescriptorBytes = 65_536;
const base64 = /^[A-Za-z0-9+/]*={0,2}$/;
const knownGood = new Set<string>();

/**
 * Metadata of a tar entry. Attributes default to what the type says. Bad base64, a non-numeric `fileattr` and a security
 * descriptor whose offsets leave it are code `LAYER_METADATA_INVALID`.
 */
export function metadataOfEntry(entry: TarEntry): WindowsMetadata {
  const { records } = entry;
  const isDirectory = entry.type === '5';
  if (records.size === 0) {
    return { attributes: isDirectory ? fileAttribute.directory : 0, modified: entry.mtime };
  }
  const metadata: {
    attributes: number;
    modified: PaxTime;
    securityDescriptor?: string;
    securityText?: string;
    created?: PaxTime;
    accessed?: PaxTime;
    changed?: PaxTime;
    mountPoint?: boolean;
    extendedAttributes?: Record<string, string>;
  } = {
    attributes: attributesOf(entry, isDirectory),
    modified: entry.mtime,
  };
  const security = records.get(record.rawSecurity);
  if (security !== undefined) {
    checkSecurityDescriptor(security, entry.name);
    metadata.securityDescriptor = security;
  }
  const text = records.get(record.sddl);
  if (text !== undefined && security === undefined) metadata.securityText = text;
  const created = timeOf(entry, record.created);
  if (created !== undefined) metadata.created = created;
  const accessed = timeOf(entry, record.accessed);
  if (accessed !== undefined) metadata.accessed = accessed;
  const changed = timeOf(entry, record.changed);
  if (changed !== undefined) metadata.changed = changed;
  if (entry.type === '2' && records.has(record.mountPoint)) metadata.mountPoint = true;
  const extended = extendedAttributesOf(entry);
  if (extended !== undefined) metadata.extendedAttributes = extended;
  return metadata;
}

/** Header of an entry with Windows metadata, as the Windows exporter writes it: no trailing slash, atime and ctime always. */
export function windowsHeader(
  name: string,
  type: 'file' | 'directory' | 'symlink',
  metadata: WindowsMetadata,
  details: { readonly size?: number; readonly linkName?: string } = {},
): TarHeader {
  const records = new Map<string, string>([[record.attributes, String(metadata.attributes >>> 0)]]);
  if (metadata.securityDescriptor !== undefined) records.set(record.rawSecurity, metadata.securityDescriptor);
  else if (metadata.securityText !== undefined) records.set(record.sddl, metadata.securityText);
  if (metadata.mountPoint === true) records.set(record.mountPoint, '1');
  for (const [key, value] of Object.entries(metadata.extendedAttributes ?? {}))
    records.set(record.extendedAttributePrefix + key, value);
  records.set(record.created, metadata.created ?? metadata.modified);
  records.set(record.accessed, metadata.accessed ?? metadata.modified);
  records.set(record.changed, metadata.changed ?? metadata.modified);
  const isDirectory = (metadata.attributes & fileAttribute.directory) !== 0;
  const modes = { file: 0o100000, directory: 0o040000, symlink: isDirectory ? 0o160000 : 0o120000 };
  const types = { file: '0', directory: '5', symlink: '2' } as const;
  return {
    name,
    type: types[type],
    mode: modes[type],
    mtime: metadata.modified,
    records,
    ...(details.size === undefined ? {} : { size: details.size }),
    ...(details.linkName === undefined ? {} : { linkName: details.linkName }),
  };
}

/** A whiteout: an empty file `<dir>/.wh.<base>` with no mode, no time and no records. */
export function whiteoutHeader(path: string): TarHeader {
  const slash = path.lastIndexOf('/') + 1;
  return { name: `${path.slice(0, slash)}.wh.${path.slice(slash)}`, type: '0', mode: 0, mtime: '0' };
}

function attributesOf(entry: TarEntry, isDirectory: boolean): number {
  const text = entry.records.get(record.attributes);
  if (text === undefined) return isDirectory ? fileAttribute.directory : 0;
  if (text === '32') return fileAttribute.archive;
  const attributes = Number(text);
  if (!/^\d{1,10}$/.test(text) || attributes > 0xffff_ffff)
    throw badMetadata(entry.name, `${record.attributes} is not a number`);
  return attributes;
}

function timeOf(entry: TarEntry, key: string): PaxTime | undefined {
  const text = entry.records.get(key);
  if (text === undefined) return undefined;
  const time = normalizePaxTime(text);
  if (time === undefined) throw badMetadata(entry.name, `${key} is not a time`);
  return time;
}

function extendedAttributesOf(entry: TarEntry): Record<string, string> | undefined {
  let found: Record<string, string> | undefined;
  for (const [key, value] of entry.records) {
    if (!key.startsWith(record.extendedAttributePrefix)) continue;
    const name = key.slice(record.extendedAttributePrefix.length);
    if (!isBase64(value)) throw badMetadata(entry.name, `${key} is not base64`);
    // The fields of FILE_FULL_EA_INFORMATION that hold the lengths have one and two bytes.
    if (name === '' || Buffer.byteLength(name) > 255 || Buffer.byteLength(value, 'base64') > 0xffff)
      throw badMetadata(entry.name, `${key.slice(0, 64)} is longer than an extended attribute can be`);
    (found ??= Object.create(null) as Record<string, string>)[name] = value;
  }
  return found;
}

/** Structure only (windows-layers.md 1.5): revision, and that owner, group and lists lie inside. Few distinct ones exist. */
function checkSecurityDescriptor(text: string, name: string): void {
  if (knownGood.has(text)) return;
  if (!isBase64(text)) throw badMetadata(name, `${record.rawSecurity} is not base64`);
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length < 20 || bytes.length > maxSecurityDescriptorBytes || bytes[0] !== 1)
    throw badMetadata(name, `${record.rawSecurity} is not a security descriptor`);
  for (const at of [4, 8, 12, 16]) {
    const offset = bytes.readUInt32LE(at);
    // The smallest thing an offset can point at is eight bytes long (an empty list, a SID without sub-authorities).
    if (offset !== 0 && (offset < 20 || offset + 8 > bytes.length))
      throw badMetadata(name, `${record.rawSecurity} points outside itself`);
  }
  if (knownGood.size < 10_000) knownGood.add(text);
}

function isBase64(text: string): boolean {
  return text.length % 4 === 0 && base64.test(text);
}

function badMetadata(name: string, why: string): LayerError {
  return new LayerError('LAYER_METADATA_INVALID', `${name}: ${why}`, { entry: name });
}
