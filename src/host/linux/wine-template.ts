/**
 * The Wine template: what every container's C: shows of Wine, and the registry it starts from (linux-backend.md 3).
 *
 *     <wine>/<version>-<key>/Files/         drive C:; program files are links into the Wine installation
 *     <wine>/<version>-<key>/hives/         system.reg, user.reg, userdef.reg
 *     <wine>/<version>-<key>/template.json
 *
 * Built once per Wine, and rebuilt when Wine's files or our stand-ins change. Building runs `wineboot` in a sandbox where the
 * installation is read-only, because it would otherwise write through the links into the installed Wine.
 */
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { PortholeError } from '../../errors/porthole-error.ts';
import { withLock } from '../../state/lock.ts';
import { defaultUser } from './identity.ts';
import { applyDeltas, formatDelta, type RegistryDelta } from './registry-delta.ts';
import { formatHive, parseHive } from './registry-text.ts';
import { SandboxHelper } from './sandbox-helper.ts';
import { toolPlan, wineEnvironment, type SandboxIdentity } from './sandbox-plan.ts';
import { existingExtraFiles } from './sandbox-facts.ts';
import { installStandIns } from './template-standins.ts';
import { linkTree } from './template-tree.ts';
import { templateSystemDelta, templateUserDelta } from './template-registry.ts';
import { rootEntries, wineVersion, type WineInstallation } from './wine-installation.ts';

export interface WineTemplate {
  readonly key: string;
  /** `wine-8.0 (Debian 8.0~repack-4)`. */
  readonly version: string;
  readonly folder: string;
  readonly files: string;
  readonly hives: string;
}

export interface TemplateSource {
  readonly wine: WineInstallation;
  /** `DataPaths.wine`. */
  readonly folder: string;
  /** `native/prebuilt` of the package. */
  readonly native: string;
  readonly identity: SandboxIdentity;
  /** Called when a build begins: it takes some seconds. */
  readonly onBuild?: () => void;
}

export const hiveNames = ['system.reg', 'user.reg', 'userdef.reg'] as const;

/** Raised when the layout or the registry edits of templates change. */
const templateFormat = 1;
const buildTimeoutMs = 120_000;

/** The template of this Wine, built when it is not there. Concurrent callers wait for one build. */
export async function ensureTemplate(source: TemplateSource): Promise<WineTemplate> {
  const key = templateKey(source);
  const existing = findTemplate(source.folder, key);
  if (existing !== undefined) return existing;
  mkdirSync(source.folder, { recursive: true, mode: 0o700 });
  return withLock(
    join(source.folder, `${key}.lock`),
    async () => findTemplate(source.folder, key) ?? (await buildTemplate(source, key)),
    { timeoutMs: buildTimeoutMs * 2 },
  );
}

/** The template if it has been built; never builds. */
export function existingTemplate(source: TemplateSource): WineTemplate | undefined {
  return findTemplate(source.folder, templateKey(source));
}

function templateKey(source: TemplateSource): string {
  const sums = readFileSync(join(source.native, 'SHA256SUMS'), 'latin1');
  const standIns = sums.split('\n').filter((line) => line.includes(' standins/'));
  return createHash('sha256')
    .update(`${templateFormat}\n${source.wine.root}\n${source.wine.stamp}\n`)
    .update(formatDelta(templateSystemDelta) + formatDelta(templateUserDelta([])))
    .update(standIns.join('\n'))
    .digest('hex')
    .slice(0, 16);
}

function findTemplate(folder: string, key: string): WineTemplate | undefined {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return undefined;
  }
  const name = names.find((candidate) => candidate.endsWith(`-${key}`));
  if (name === undefined) return undefined;
  const path = join(folder, name);
  const { version } = JSON.parse(readFileSync(join(path, 'template.json'), 'utf8')) as { version: string };
  return { key, version, folder: path, files: join(path, 'Files'), hives: join(path, 'hives') };
}

async function buildTemplate(source: TemplateSource, key: string): Promise<WineTemplate> {
  source.onBuild?.();
  const version = wineVersion(source.wine);
  const work = join(source.folder, `${key}.partial`);
  const prefix = join(work, 'prefix');
  const result = join(work, 'template');
  rmSync(work, { recursive: true, force: true });
  try {
    for (const folder of [prefix, join(work, 'root'), join(result, 'Files'), join(result, 'hives')])
      mkdirSync(folder, { recursive: true, mode: 0o755 });
    await bootPrefix(source, work, prefix);
    linkTree({ from: join(prefix, 'drive_c'), to: join(result, 'Files'), wine: source.wine });
    const standIns = installStandIns({
      from: join(source.native, 'standins'),
      to: join(result, 'Files'),
      wine: source.wine,
    });
    writeHives(prefix, join(result, 'hives'), standIns);
    writeFileSync(join(result, 'template.json'), `${JSON.stringify({ format: templateFormat, version })}\n`);
    const target = join(source.folder, `${version.split(' ')[0]}-${key}`);
    renameSync(result, target);
    return { key, version, folder: target, files: join(target, 'Files'), hives: join(target, 'hives') };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function bootPrefix(source: TemplateSource, work: string, prefix: string): Promise<void> {
  const { wine, identity } = source;
  const plan = toolPlan(
    {
      identity,
      wine,
      rootEntries: rootEntries(wine.root),
      extraFiles: existingExtraFiles(wine.root),
      mountPoint: join(work, 'root'),
    },
    prefix,
    [wine.loader, 'wineboot', '-i'],
    [...wineEnvironment(wine, defaultUser), 'WINEARCH=win64', noInstallers],
  );
  const helper = new SandboxHelper(join(source.native, 'porthole-sandbox'), plan, 'ignore');
  const timer = setTimeout(() => helper.kill(), buildTimeoutMs);
  try {
    await helper.ready;
    helper.go();
    await helper.ended;
  } catch (error) {
    throw new PortholeError('unavailable', 'WINE_TEMPLATE_FAILED', 'the Wine template could not be built', {
      hint: error instanceof Error ? error.message : String(error),
      cause: error,
    });
  } finally {
    clearTimeout(timer);
  }
  if (!readdirSync(prefix).includes('system.reg'))
    throw new PortholeError(
      'unavailable',
      'WINE_TEMPLATE_FAILED',
      'the Wine template could not be built: wineboot made no registry',
      { hint: `check that ${wine.loader} below ${wine.root} starts` },
    );
}

/** Without these two DLLs Wine does not ask to download Mono and Gecko. Containers get the same by registry. */
const noInstallers = 'WINEDLLOVERRIDES=mscoree,mshtml=';

function writeHives(prefix: string, to: string, standIns: readonly string[]): void {
  editHive(prefix, to, 'system.reg', templateSystemDelta);
  editHive(prefix, to, 'user.reg', templateUserDelta(standIns));
  copyFileSync(join(prefix, 'userdef.reg'), join(to, 'userdef.reg'));
}

function editHive(from: string, to: string, name: string, edits: RegistryDelta): void {
  const hive = parseHive(readFileSync(join(from, name), 'latin1'));
  writeFileSync(join(to, name), formatHive(applyDeltas(hive, [edits])), 'latin1');
}
