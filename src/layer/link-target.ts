import { LayerError } from './layer-error.ts';

/** Longest target that symlink(2) takes. */
const maxTargetBytes = 4095;

/**
 * What a symbolic link of a layer is on a Linux file system, so that Wine and the kernel find what Windows would: a
 * relative path that stays inside the layer. `C:\x`, `\??\C:\x`, `\x` and relative targets are resolved from the link's
 * `folder` (components below C:), never above the root; `spell` gives the stored spelling. Targets on other drives,
 * volumes or servers stay as text with backslashes, which leads nowhere here (windows-layers.md 7.5).
 */
export function hostLinkTarget(
  folder: readonly string[],
  target: string,
  spell: (components: readonly string[]) => readonly string[],
): string {
  const text = target.replaceAll('/', '\\');
  const absolute = /^(?:\\\\\?\\|\\\?\?\\)?[Cc]:(?:\\|$)/.exec(text);
  const isElsewhere = absolute === null && (/^\\[\\?]/.test(text) || text.includes(':'));
  if (isElsewhere || text === '') return checked(text === '' ? '\\??\\' : text, target);
  const isRooted = absolute !== null || text.startsWith('\\');
  const wanted = isRooted ? [] : [...folder];
  for (const part of text.slice(absolute?.[0].length ?? 0).split('\\')) {
    if (part === '..') wanted.pop();
    else if (part !== '' && part !== '.') wanted.push(part);
  }
  const found = spell(wanted);
  let shared = 0;
  while (shared < folder.length && shared < found.length && folder[shared] === found[shared]) shared += 1;
  const up = folder.slice(shared).map(() => '..');
  return checked([...up, ...found.slice(shared)].join('/') || '.', target);
}

function checked(hostTarget: string, target: string): string {
  if (hostTarget.includes('\0') || Buffer.byteLength(hostTarget) > maxTargetBytes)
    throw new LayerError('LAYER_LINK_INVALID', `invalid link target ${JSON.stringify(target.slice(0, 80))}`);
  return hostTarget;
}
