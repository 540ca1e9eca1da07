/**
 * The registry of a container: template hives + the deltas of its layers, bottom-up, + this container's values + what the
 * scratch already changed; and, when the system has ended, the scratch's new delta (linux-backend.md 13).
 */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { readTextIfExists } from './read-if-exists.ts';
import { writeFileAtomic } from '../../state/atomic-file.ts';
import {
  containerDelta,
  isVolatileSystem,
  isVolatileUser,
  type ContainerIdentity,
} from './container-registry.ts';
import {
  applyDeltas,
  diffHives,
  emptyDelta,
  formatDelta,
  isEmptyDelta,
  parseDelta,
  type RegistryDelta,
} from './registry-delta.ts';
import { formatHive, parseHive } from './registry-text.ts';
import { hasWindowsHive, windowsEnvironmentDelta } from './windows-hives.ts';
import type { WineTemplate } from './wine-template.ts';

export interface HiveSource {
  readonly template: WineTemplate;
  /** Layer folders, topmost first. */
  readonly layers: readonly string[];
  /** Scratch folder; its `Hives/` holds what the container changed in earlier runs. */
  readonly scratch: string;
  readonly identity: ContainerIdentity;
}

/** What `recordHives` compares with. */
export interface PreparedHives {
  readonly prefix: string;
  readonly scratch: string;
  /** Texts before the scratch's own changes. */
  readonly baselines: { readonly system: string; readonly user: string };
}

export const deltaNames = { system: 'porthole-system.delta', user: 'porthole-user.delta' } as const;
const hiveFiles = { system: 'system.reg', user: 'user.reg' } as const;
type HiveKind = keyof typeof hiveFiles;
const volatile = { system: isVolatileSystem, user: isVolatileUser };

/** Writes the registry files of the prefix, which exists and is empty. */
export function prepareHives(source: HiveSource, prefix: string): PreparedHives {
  const prepare = (kind: HiveKind): string => {
    const baseline = baselineText(source, kind);
    const own = readDelta(source.scratch, kind);
    const text = own === undefined ? baseline : formatHive(applyDeltas(parseHive(baseline), [own]));
    writeFileSync(join(prefix, hiveFiles[kind]), text, 'latin1');
    return baseline;
  };
  const baselines = { system: prepare('system'), user: prepare('user') };
  copyFileSync(join(source.template.hives, 'userdef.reg'), join(prefix, 'userdef.reg'));
  // "disable" keeps Wine from updating the prefix, which would write through the template's links.
  writeFileSync(join(prefix, '.update-timestamp'), 'disable\n');
  return { prefix, scratch: source.scratch, baselines };
}

/** As `recordHives`, for a system whose owner died: the prefix holds what the registry server flushed at its end. */
export function recoverHives(source: HiveSource, prefix: string): void {
  recordHives({
    prefix,
    scratch: source.scratch,
    baselines: { system: baselineText(source, 'system'), user: baselineText(source, 'user') },
  });
}

function baselineText(source: HiveSource, kind: HiveKind): string {
  return (
    chainText(source, kind) + appendedBlocks(kind === 'system' ? containerDelta(source.identity) : emptyDelta)
  );
}

/** Writes the scratch's deltas from the flushed registry files. A run that changed nothing leaves no file. */
export function recordHives(prepared: PreparedHives): void {
  for (const kind of ['system', 'user'] as const) {
    const text = readTextIfExists(join(prepared.prefix, hiveFiles[kind]));
    if (text === undefined) continue;
    const delta = diffHives(parseHive(prepared.baselines[kind]), parseHive(text), volatile[kind]);
    const path = join(prepared.scratch, 'Hives', deltaNames[kind]);
    if (isEmptyDelta(delta)) rmSync(path, { force: true });
    else {
      mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
      writeFileAtomic(path, formatDelta(delta));
    }
  }
}

/** A block that repeats a key is merged when Wine loads the file: no need to take the whole text apart. */
function appendedBlocks(delta: RegistryDelta): string {
  let text = '';
  for (const [key, values] of delta.keys) {
    text += `\n[${key}] 0\n`;
    for (const [name, value] of values) text += `${name}=${value}\n`;
  }
  return text;
}

function readDelta(folder: string, kind: HiveKind): RegistryDelta | undefined {
  const text = readTextIfExists(join(folder, 'Hives', deltaNames[kind]));
  return text === undefined ? undefined : parseDelta(text);
}

/** Template and layers merged; cached per topmost layer that changes the registry, because its ID names the chain below it. */
function chainText(source: HiveSource, kind: HiveKind): string {
  const base = join(source.template.hives, hiveFiles[kind]);
  const changing = source.layers.filter(
    (layer) =>
      existsSync(join(layer, 'Hives', deltaNames[kind])) || (kind === 'system' && hasWindowsHive(layer)),
  );
  const top = changing[0];
  if (top === undefined) return readFileSync(base, 'latin1');
  const cached = join(source.template.folder, 'merged', `${basename(top)}.${hiveFiles[kind]}`);
  const known = readTextIfExists(cached);
  if (known !== undefined) return known;
  const deltas = changing
    .reverse()
    .flatMap((layer) => [
      ...(kind === 'system' ? [windowsEnvironmentDelta(layer)] : []),
      readDelta(layer, kind),
    ])
    .filter((delta) => delta !== undefined);
  const text = formatHive(applyDeltas(parseHive(readFileSync(base, 'latin1')), deltas));
  forgetRemovedLayers(dirname(cached), dirname(top));
  writeFileAtomic(cached, text);
  return text;
}

function forgetRemovedLayers(folder: string, windowsfilter: string): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder))
    if (!existsSync(join(windowsfilter, name.split('.')[0]!))) rmSync(join(folder, name), { force: true });
}
