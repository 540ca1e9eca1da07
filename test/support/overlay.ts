import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ScratchChange } from '../../src/host/memory/layers.ts';
import type { MountedScratch } from '../../src/host/ports/layers.ts';

/** Why overlays cannot be mounted here; undefined when they can. */
export function overlayProblem(folder: string): string | undefined {
  for (const name of ['lower', 'diff', 'work', 'merged']) mkdirSync(join(folder, name), { recursive: true });
  const lowers = join(folder, 'lower');
  const { status, stderr } = inNamespace(`mount -t overlay overlay -o "${options(folder, lowers)}" "$1"`, [
    join(folder, 'merged'),
  ]);
  removeWork(folder);
  return status === 0 ? undefined : stderr.trim();
}

/** Mounts a scratch as its container would see it, in a mount namespace of its own, and changes files there. */
export function changeScratch(
  mounted: MountedScratch,
  mountPoint: string,
  changes: readonly ScratchChange[],
): void {
  const files = changes.filter((change) => change.kind !== 'hive');
  const steps = files.map((change) => {
    const path = quoted(`./${change.path}`);
    const parent = `mkdir -p "$(dirname ${path})"`;
    if (change.kind === 'remove') return `rm -r ${path}`;
    if (change.kind === 'directory') return `mkdir -p ${path}`;
    return `${parent} && printf %s ${quoted(change.content)} > ${path}`;
  });
  runOnScratch(mounted, mountPoint, steps.join('\n'));
  for (const change of changes)
    if (change.kind === 'hive') writeFileSync(join(mounted.folder, 'Hives', change.name), change.content);
}

/** Runs shell lines in C: of a mounted scratch. */
export function runOnScratch(mounted: MountedScratch, mountPoint: string, script: string): void {
  mkdirSync(mountPoint, { recursive: true });
  const lowers = mounted.layers.map((layer) => join(layer.Path, 'Files')).join(':');
  const mount = `mount -t overlay overlay -o "${options(mounted.folder, lowers)}" "$1"`;
  const { status, stderr } = inNamespace(`set -e\n${mount}\ncd "$1"\n${script}`, [mountPoint]);
  removeWork(mounted.folder);
  if (status !== 0) throw new Error(`changing the scratch failed: ${stderr}`);
}

/** What the kernel leaves behind cannot be read, so an ordinary user could not delete the folder above it. */
function removeWork(folder: string): void {
  const work = join(folder, 'work', 'work');
  if (!existsSync(work)) return;
  chmodSync(work, 0o700);
  rmSync(work, { recursive: true });
}

const isRoot = process.getuid?.() === 0;

function options(folder: string, lowers: string): string {
  const mode = isRoot ? 'redirect_dir=on' : 'userxattr';
  return `${mode},lowerdir=${lowers},upperdir=${join(folder, 'diff')},workdir=${join(folder, 'work')}`;
}

function inNamespace(
  script: string,
  parameters: readonly string[],
): { status: number | null; stderr: string } {
  const flags = isRoot ? ['--mount'] : ['--user', '--map-root-user', '--mount'];
  return spawnSync('unshare', [...flags, 'sh', '-c', script, 'sh', ...parameters], { encoding: 'utf8' });
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
