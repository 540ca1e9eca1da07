/** How large a tar would be: block arithmetic of the ustar format with PAX records, as Docker's client writes it. */
const block = 512;

/** Two empty blocks. */
export const tarEndSize = 2 * block;

function padded(size: number): number {
  return Math.ceil(size / block) * block;
}

/** Bytes of one entry. Long or non-ASCII names and link targets take an extended header; so do files from 8 GiB on. */
export function tarEntrySize(name: string, contentSize: number, target = ''): number {
  let records = 0;
  if (needsRecord(name)) records += recordSize('path', name);
  if (needsRecord(target)) records += recordSize('linkpath', target);
  if (contentSize > 0o77777777777) records += recordSize('size', String(contentSize));
  return block + padded(contentSize) + (records > 0 ? block + padded(records) : 0);
}

function needsRecord(text: string): boolean {
  return text.length > 100 || /[^\x00-\x7f]/.test(text);
}

/** `LENGTH key=value\n`, where LENGTH counts its own digits. */
function recordSize(key: string, value: string): number {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let size = rest + String(rest).length;
  if (String(size).length !== String(rest).length) size = rest + String(size).length;
  return size;
}
