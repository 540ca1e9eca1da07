/**
 * Which names a layer may hold, and what they mean: pure rules of windows-layers.md 7.5 and 7.7. A name that these accept
 * cannot leave the layer: no component is empty, `.` or `..`, none holds a separator, a NUL or a stream.
 */
import { createHash } from 'node:crypto';
import { LayerError } from './layer-error.ts';
import { foldName } from './upcase.ts';

export type LayerRoot = 'Files' | 'Hives' | 'UtilityVM';

/** A tar name taken apart. */
export interface LayerPath {
  /** `undefined` for entries outside the three roots; then `components` starts with the foreign root. */
  readonly root: LayerRoot | undefined;
  /** Below the root. */
  readonly components: readonly string[];
  /** Alternate data stream of the last component, without `:$DATA`. */
  readonly stream: string | undefined;
}

export type Whiteout =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'opaque' }
  /** Bookkeeping of old storage drivers (`.wh..wh.plnk`): means nothing. */
  | { readonly kind: 'metadata' };

/** Longest component NTFS can hold, in UTF-16 units; and Linux, in bytes of UTF-8. */
export const maxNameUnits = 255;
const maxNameBytes = 255;
/** Longest path of NTFS, in UTF-16 units. */
export const maxPathUnits = 32_767;
export const maxPathDepth = 255;

const roots = new Map<string, LayerRoot>([
  ['FILES', 'Files'],
  ['HIVES', 'Hives'],
  ['UTILITYVM', 'UtilityVM'],
]);
const whiteoutPrefix = '.wh.';
const forbiddenCharacters = /[<>:"|?*\x00-\x1f/\\]/;
const deviceName = /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[1-9\u00b9\u00b2\u00b3])(\s*\..*|\s*)$/i;

/**
 * Takes a tar entry's effective name apart. Both kinds of slashes separate; `.` components are dropped; a trailing slash is
 * allowed. Refused (code `LAYER_PATH_INVALID`): absolute names, drive letters, `..`, empty components, NUL, a colon that is
 * not one stream of the last component. Too long or too deep: `LAYER_PATH_TOO_LONG`.
 */
export function parseLayerName(name: string): LayerPath {
  if (name.includes('\0')) throw badPath(name, 'it contains NUL');
  if (name.length > maxPathUnits) throw tooLong(name);
  const parts = (name.includes('\\') ? name.replaceAll('\\', '/') : name).split('/');
  if (parts.length > 1 && parts.at(-1) === '') parts.pop();
  if (parts[0] === '') throw badPath(name, name === '' ? 'it is empty' : 'it is absolute');
  const components: string[] = [];
  for (const part of parts) {
    if (part === '.') continue;
    if (part === '') throw badPath(name, 'it has an empty component');
    if (part === '..') throw badPath(name, 'it leaves the layer');
    if (part.length > maxNameUnits) throw tooLong(name);
    components.push(part);
  }
  if (components.length > maxPathDepth) throw tooLong(name);
  let stream: string | undefined;
  if (name.includes(':')) stream = takeStream(name, components);
  const root = components.length === 0 ? undefined : roots.get(foldName(components[0]!));
  return { root, components: root === undefined ? components : components.slice(1), stream };
}

/** Removes the stream from the last component and gives its name. */
function takeStream(name: string, components: string[]): string | undefined {
  const last = components.pop() ?? '';
  const colon = last.indexOf(':');
  const bad = components.some((component) => component.includes(':')) || colon <= 0;
  const stream = last.slice(colon + 1).replace(/:\$DATA$/i, '');
  if (bad || stream === '' || stream.includes(':') || components.length === 0)
    throw new LayerError('LAYER_PATH_INVALID', `${name}: path contains invalid character \`:\``, {
      entry: name,
    });
  const owner = last.slice(0, colon);
  if (owner === '.' || owner === '..') throw badPath(name, 'it leaves the layer');
  components.push(owner);
  return stream;
}

/** What a last component means when it begins with `.wh.`; undefined for an ordinary name. */
export function parseWhiteout(component: string): Whiteout | undefined {
  if (!component.startsWith(whiteoutPrefix)) return undefined;
  const name = component.slice(whiteoutPrefix.length);
  if (name === '.wh..opq') return { kind: 'opaque' };
  if (name.startsWith('.wh.')) return { kind: 'metadata' };
  if (name === '' || name === '.' || name === '..')
    throw new LayerError('LAYER_WHITEOUT_INVALID', `invalid tombstone ${component}`, { entry: component });
  return { kind: 'name', name };
}

/**
 * Takes a path apart that a person or a document gave, below C:. `C:\app`, `c:/app`, `\app`, `app`, `\\?\C:\app` are all
 * `['app']`; `.` is dropped, `..` goes up but never above the root, as Windows does. Other drives, network paths and colons
 * are refused.
 */
export function parseWindowsPath(path: string): string[] {
  let rest = path.replaceAll('/', '\\');
  const prefix = /^\\[\\?]\?\\/.exec(rest);
  if (prefix !== null) rest = rest.slice(prefix[0].length);
  else if (rest.startsWith('\\\\')) throw badPath(path, 'it is not below C:');
  const drive = /^([A-Za-z]):/.exec(rest);
  if (drive !== null) {
    if (drive[1]!.toUpperCase() !== 'C') throw badPath(path, 'it is not below C:');
    rest = rest.slice(2);
  }
  const components: string[] = [];
  for (const part of rest.split('\\')) {
    if (part === '' || part === '.') continue;
    if (part === '..') components.pop();
    else if (part.includes(':') || part.includes('\0'))
      throw badPath(path, 'it contains an invalid character');
    else components.push(part);
  }
  return components;
}

/** Why Windows programs could not use a name, for layers that we make; undefined when they can. */
export function nameProblem(component: string): string | undefined {
  if (component === '' || component === '.' || component === '..') return 'it is not a name';
  if (component.length > maxNameUnits) return `it is longer than ${maxNameUnits} characters`;
  const forbidden = forbiddenCharacters.exec(component);
  if (forbidden !== null) {
    const shown =
      forbidden[0] < ' ' ? `U+${forbidden[0].charCodeAt(0).toString(16).padStart(4, '0')}` : forbidden[0];
    return `it contains the invalid character ${shown}`;
  }
  if (/[. ]$/.test(component)) return 'it ends in a dot or a space';
  if (component.startsWith(whiteoutPrefix)) return 'names that begin with .wh. mean deletions in a layer';
  return undefined;
}

/** CON, NUL, COM1 ..., with any extension: legal through NT paths, a trap for ordinary programs. */
export function isDeviceName(component: string): boolean {
  return deviceName.test(component);
}

/**
 * The name under which a component is stored on a Linux file system: itself when its UTF-8 fits 255 bytes, otherwise as
 * much as fits, `~`, and sixteen hex digits of its SHA-256.
 */
export function storedName(component: string): string {
  if (component.length * 3 <= maxNameBytes) return component;
  if (Buffer.byteLength(component, 'utf8') <= maxNameBytes) return component;
  const hash = createHash('sha256').update(component).digest('hex').slice(0, 16);
  let kept = '';
  let bytes = 0;
  for (const character of component) {
    bytes += Buffer.byteLength(character, 'utf8');
    if (bytes > maxNameBytes - hash.length - 1) break;
    kept += character;
  }
  return `${kept}~${hash}`;
}

/** What two components have in common when they are one name on disk: folded as NTFS does, shortened as Linux needs. */
export function storedKey(component: string): string {
  return foldName(storedName(component));
}

function badPath(name: string, why: string): LayerError {
  return new LayerError('LAYER_PATH_INVALID', `invalid path ${JSON.stringify(name)}: ${why}`, {
    entry: name,
  });
}

function tooLong(name: string): LayerError {
  const shown = name.length > 80 ? `${name.slice(0, 80)}...` : name;
  return new LayerError('LAYER_PATH_TOO_LONG', `file name too long: ${JSON.stringify(shown)}`, {
    entry: name,
  });
}
