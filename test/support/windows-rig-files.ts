/**
 * Wine's own files as drive C: of the rig and of its containers has them. The template has links into the installation, and
 * Wine follows links: a program that deletes one would delete the installed file. Wine needs only the headers of its programs
 * where Windows has them, so each is a small file of its own here.
 */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

const signatureAt = 0x40;
const signature = 'Wine builtin DLL';
/** Of `SizeOfHeaders`, from the start of the NT headers. */
const headersSizeAt = 24 + 60;

/** Makes the tree once in `folder`, for each template, and gives its path. Nothing writes into it. */
export function wineFiles(
  template: { readonly files: string; readonly key: string },
  folder: string,
): string {
  const to = join(folder, `wine-files-${template.key}`);
  if (existsSync(to)) return to;
  const work = `${to}.${process.pid}.partial`;
  copyTree(template.files, work);
  if (existsSync(to)) rmSync(work, { recursive: true, force: true });
  else renameSync(work, to);
  return to;
}

function copyTree(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) copyTree(source, target);
    else copyProgram(source, target);
  }
}

function copyProgram(from: string, to: string): void {
  const { atime, mtime } = statSync(from);
  const bytes = /\.(?:exe|dll|sys|drv|ocx|cpl|acm|ax|ds|tlb|com|vxd|mod16|msstyles|scr)$/i.test(from)
    ? readFileSync(from)
    : undefined;
  if (bytes?.toString('latin1', signatureAt, signatureAt + signature.length) === signature)
    writeFileSync(to, bytes.subarray(0, bytes.readUInt32LE(bytes.readUInt32LE(0x3c) + headersSizeAt)));
  else copyFileSync(from, to);
  utimesSync(to, atime, mtime);
}
