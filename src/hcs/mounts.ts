import type { HostConfig, MountPoint, MountSpec } from '../api/types/index.ts';
import { PortholeError } from '../errors/porthole-error.ts';
import type { MappedDirectory, MappedPipe } from './documents.ts';
import { checkVolumeName, reservedNames } from './volume-name.ts';

/** How the host writes paths: decides what a bind's source may look like. */
export type HostPathStyle = 'windows' | 'posix';

/** One mount of a container after parsing; volumes have no host path yet. */
export interface MountPlan {
  readonly type: 'bind' | 'volume' | 'npipe';
  /** Host folder (bind), pipe (npipe); volume name, empty for an anonymous volume. */
  readonly source: string;
  /** `c:\data` (lower-cased when it came from `-v`, as moby does), `\\.\pipe\x`. */
  readonly destination: string;
  readonly readOnly: boolean;
  readonly mode: string;
  /** Volume driver and options of `--mount`. */
  readonly volumeOptions?: Readonly<Record<string, unknown>>;
}

const pipePrefix = /^[\\/]{2}\.[\\/]pipe[\\/]/i;
const segment = String.raw`[^\\/:*?"<>|\r\n]+`;
const drivePath = new RegExp(String.raw`^[a-z]:([\\/]${segment})*[\\/]*$`, 'i');
const uncDrivePath = new RegExp(String.raw`^(\\\\\?\\)?[a-z]:([\\/]${segment})*[\\/]*$`, 'i');
const volumeName = /^[^\\/:*?"<>|\r\n]+$/;
const pipePath = new RegExp(String.raw`^[\\/]{2}\.[\\/]pipe[\\/]${segment}$`, 'i');

/**
 * All mounts of a request: `-v`, `--mount` and `VOLUME`s, Docker's grammar and texts (docker-cli.md 5.2, 5.3). A path of
 * `volumes` that another mount covers is dropped. Two at one place: `Duplicate mount point`.
 */
export function planMounts(
  hostConfig: Pick<HostConfig, 'Binds' | 'Mounts' | 'VolumeDriver'>,
  volumes: Readonly<Record<string, unknown>> | null,
  style: HostPathStyle,
): MountPlan[] {
  const plans: MountPlan[] = [];
  const withDriver = (plan: MountPlan): MountPlan =>
    plan.type === 'volume' && hostConfig.VolumeDriver !== ''
      ? { ...plan, volumeOptions: { DriverConfig: { Name: hostConfig.VolumeDriver } } }
      : plan;
  for (const bind of hostConfig.Binds ?? []) addUnique(plans, withDriver(parseBind(bind, style)));
  for (const mount of hostConfig.Mounts ?? []) addUnique(plans, parseMount(mount, style));
  for (const destination of Object.keys(volumes ?? {})) {
    const plan = withDriver(parseBind(destination, style));
    if (!plans.some((other) => samePlace(other, plan))) plans.push(plan);
  }
  return plans;
}

function addUnique(plans: MountPlan[], plan: MountPlan): void {
  if (plans.some((other) => samePlace(other, plan)))
    throw refuse('MOUNT_DUPLICATE', `Duplicate mount point: ${plan.destination}`);
  plans.push(plan);
}

function samePlace(a: MountPlan, b: MountPlan): boolean {
  return a.destination.toLowerCase() === b.destination.toLowerCase();
}

/** `[source:]destination[:ro|rw]`. */
export function parseBind(spec: string, style: HostPathStyle): MountPlan {
  const parts = splitSpec(spec, style);
  if (parts === undefined) {
    throw refuse(
      'MOUNT_INVALID',
      `invalid volume specification: '${spec}'`,
      style === 'posix'
        ? 'write it as /host/folder:C:\\folder or volume:C:\\folder'
        : 'write it as C:\\host:C:\\folder or volume:C:\\folder',
    );
  }
  const { source, mode } = parts;
  if (mode !== '' && mode !== 'ro' && mode !== 'rw') throw refuse('MOUNT_INVALID', `invalid mode: ${mode}`);
  const isPipe = pipePrefix.test(parts.destination);
  if (isPipe) {
    if (!pipePath.test(source)) throw refuse('MOUNT_INVALID', `invalid volume specification: '${spec}'`);
    if (mode === 'ro')
      throw refuse('MOUNT_INVALID', `invalid mode: ${mode}`, 'named pipes cannot be read-only');
    return {
      type: 'npipe',
      source: backslashes(source),
      destination: backslashes(parts.destination).toLowerCase(),
      readOnly: false,
      mode,
    };
  }
  const destination = checkDestination(parts.destination).toLowerCase();
  const readOnly = mode === 'ro';
  if (isHostPath(source, style))
    return { type: 'bind', source: hostPath(source, style), destination, readOnly, mode };
  if (source !== '') checkVolumeName(source);
  return { type: 'volume', source, destination, readOnly, mode };
}

function parseMount(mount: MountSpec, style: HostPathStyle): MountPlan {
  const invalid = (detail: string, hint?: string): PortholeError =>
    refuse('MOUNT_INVALID', `invalid mount config for type "${mount.Type}": ${detail}`, hint);
  const target = mount.Target ?? '';
  const source = mount.Source ?? '';
  const readOnly = mount.ReadOnly === true;
  const owners: [option: string, owner: string, isSet: boolean][] = [
    ['BindOptions', 'bind', mount.BindOptions !== undefined],
    ['VolumeOptions', 'volume', mount.VolumeOptions !== undefined],
    ['TmpfsOptions', 'tmpfs', mount.TmpfsOptions !== undefined],
  ];
  for (const [option, owner, isSet] of owners) {
    if (isSet && mount.Type !== owner)
      throw refuse('MOUNT_INVALID', `${option} must not be specified on mount type "${mount.Type}"`);
  }
  if (target === '') throw invalid('field Target must not be empty');
  switch (mount.Type) {
    case 'bind': {
      if (source === '') throw invalid('field Source must not be empty');
      checkBindOptions(mount, invalid);
      if (!isHostPath(source, style)) throw invalid(`'${source}' mount path must be absolute`);
      const destination = checkDestination(target);
      return { type: 'bind', source: hostPath(source, style), destination, readOnly, mode: '' };
    }
    case 'volume': {
      if (source === '' && readOnly) throw invalid('must not set ReadOnly mode when using anonymous volumes');
      const options = mount.VolumeOptions;
      if (typeof options?.['Subpath'] === 'string') {
        if (source === '') throw invalid('must not set Subpath when using anonymous volumes');
        if (!isLocal(options['Subpath'])) throw invalid('subpath must be a relative path within the volume');
      }
      if (source !== '') checkVolumeName(source);
      const destination = checkDestination(target);
      return {
        type: 'volume',
        source,
        destination,
        readOnly,
        mode: '',
        ...(options === undefined ? {} : { volumeOptions: options }),
      };
    }
    case 'npipe': {
      if (source === '') throw invalid('field Source must not be empty');
      if (readOnly) throw invalid('field ReadOnly must not be specified');
      if (!pipePath.test(source)) throw invalid(`'${source}' is not a valid pipe path`);
      if (!pipePath.test(target)) throw invalid(`'${target}' is not a valid pipe path`);
      return {
        type: 'npipe',
        source: backslashes(source),
        destination: backslashes(target),
        readOnly: false,
        mode: '',
      };
    }
    case 'tmpfs':
      throw refuse('MOUNT_INVALID', 'windows does not support tmpfs', 'use a volume together with --rm');
    case 'cluster':
    case 'image':
      throw refuse('MOUNT_INVALID', `invalid mount config for type "${mount.Type}": mount type unknown`);
    default:
      throw refuse(
        'MOUNT_INVALID',
        `invalid mount config for type "${String(mount.Type)}": mount type unknown`,
      );
  }
}

/** What HCS has no word for: a mapped directory is mapped with everything below it. */
function checkBindOptions(mount: MountSpec, invalid: (detail: string) => PortholeError): void {
  const { Propagation: propagation, ...others } = mount.BindOptions ?? {};
  if (typeof propagation === 'string' && propagation !== '')
    throw invalid(`invalid propagation mode: ${propagation}`);
  const recursive = ['NonRecursive', 'ReadOnlyNonRecursive', 'ReadOnlyForceRecursive'];
  if (recursive.some((name) => others[name] === true))
    throw invalid('bind-recursive is not supported on this platform');
}

/** Go's filepath.IsLocal for both systems: below where it starts, and no device's name. */
function isLocal(path: string): boolean {
  if (path === '' || /^[\\/]|:/.test(path)) return false;
  const names = path.split(/[\\/]/);
  return !names.includes('..') && !names.some((name) => reservedNames.test(name.replace(/[. ].*$/, '')));
}

interface BindParts {
  readonly source: string;
  readonly destination: string;
  readonly mode: string;
}

/** Cuts at colons that are not a drive's; undefined when no destination is found. */
function splitSpec(spec: string, style: HostPathStyle): BindParts | undefined {
  const sections: string[] = [];
  let current = '';
  for (const [index, character] of [...spec].entries()) {
    const isDrive = character === ':' && /^[A-Za-z]$/.test(current) && /[\\/]/.test(spec[index + 1] ?? '');
    const isLongDrive = character === ':' && /^\\\\\?\\[A-Za-z]$/.test(current);
    // `c:` alone is told from a volume named `c` by its end: Docker refuses it as a destination.
    const isBareDrive =
      character === ':' && /^[A-Za-z]$/.test(current) && sections.length > 0 && index === spec.length - 1;
    if (character === ':' && !isDrive && !isLongDrive && !isBareDrive) {
      sections.push(current);
      current = '';
    } else current += character;
  }
  sections.push(current);
  const isDestination = (text: string | undefined): text is string =>
    text !== undefined && (drivePath.test(text) || pipePrefix.test(text));
  const [first, second, third] = sections;
  if (sections.length === 1 && isDestination(first)) return { source: '', destination: first, mode: '' };
  if (sections.length === 2) {
    if (isDestination(second) && isSource(first, style))
      return { source: first, destination: second, mode: '' };
    if (isDestination(first) && second !== undefined && /^[a-z]+$/i.test(second))
      return { source: '', destination: first, mode: second.toLowerCase() };
  }
  if (
    sections.length === 3 &&
    isDestination(second) &&
    isSource(first, style) &&
    third !== undefined &&
    third !== ''
  )
    return { source: first, destination: second, mode: third.toLowerCase() };
  return undefined;
}

function isSource(text: string | undefined, style: HostPathStyle): text is string {
  if (text === undefined || text === '') return false;
  return isHostPath(text, style) || pipePath.test(text) || volumeName.test(text);
}

function isHostPath(text: string, style: HostPathStyle): boolean {
  return style === 'posix' ? text.startsWith('/') && !pipePrefix.test(text) : uncDrivePath.test(text);
}

function hostPath(text: string, style: HostPathStyle): string {
  return style === 'posix' ? (text.length > 1 ? text.replace(/\/+$/, '') || '/' : text) : trimmed(text);
}

function checkDestination(text: string): string {
  if (!drivePath.test(text) && !pipePrefix.test(text)) {
    throw refuse(
      'MOUNT_INVALID',
      `invalid volume specification: '${text}'`,
      'a destination in a Windows container is written as C:\\folder',
    );
  }
  const destination = trimmed(text);
  if (/^c:\\?$/i.test(destination))
    throw refuse('MOUNT_INVALID', `destination path (${destination.toLowerCase()}) cannot be 'c:' or 'c:\\'`);
  return destination;
}

function trimmed(text: string): string {
  const path = backslashes(text);
  return path.length > 3 ? path.replace(/\\+$/, '') : path;
}

function backslashes(text: string): string {
  return text.replaceAll('/', '\\');
}

/**
 * Mounts whose host paths are known as HCS wants them. `\\.\pipe\` is cut from the container's side of pipes, the host's
 * side keeps it (hcs.md 6.7). Directories are ordered by depth, so that a mount inside a mount comes after it.
 */
export function mappedMounts(mounts: readonly Pick<MountPoint, 'Type' | 'Source' | 'Destination' | 'RW'>[]): {
  directories: MappedDirectory[];
  pipes: MappedPipe[];
} {
  const directories: MappedDirectory[] = [];
  const pipes: MappedPipe[] = [];
  for (const mount of mounts) {
    if (mount.Type === 'npipe') {
      pipes.push({
        HostPath: mount.Source,
        ContainerPipeName: backslashes(mount.Destination).replace(pipePrefix, ''),
      });
    } else {
      directories.push({
        HostPath: mount.Source,
        ContainerPath: mount.Destination,
        ...(mount.RW ? {} : { ReadOnly: true }),
      });
    }
  }
  const depth = (directory: MappedDirectory): number => directory.ContainerPath.split('\\').length;
  directories.sort((a, b) => depth(a) - depth(b));
  return { directories, pipes };
}

function refuse(code: string, message: string, hint?: string): PortholeError {
  return new PortholeError('invalid', code, message, hint === undefined ? {} : { hint });
}
