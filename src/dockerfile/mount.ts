import { parseCsvRecord } from '../text/csv.ts';
import { quoteGo } from '../text/go-quote.ts';
import { ramInBytes } from '../text/size.ts';
import { parseBool } from '../text/strconv.ts';
import { didYouMean } from './suggest.ts';

/** `RUN --mount=…` (dockerfile.md 1.6 and 2.8). */
export const mountTypes = ['bind', 'cache', 'tmpfs', 'secret', 'ssh'] as const;
export type MountType = (typeof mountTypes)[number];
export const mountSharing = ['shared', 'private', 'locked'] as const;

export interface RunMount {
  type: MountType;
  from: string;
  source: string;
  target: string;
  readOnly: boolean;
  id: string;
  sharing: (typeof mountSharing)[number] | '';
  required: boolean;
  /** Bytes, tmpfs only. */
  size: number | undefined;
  mode: number | undefined;
  uid: number | undefined;
  gid: number | undefined;
  /** Secrets: the variable that holds it. `''`: named like the secret. */
  env: string | undefined;
}

const keys =
  'type from source target readonly id sharing required size mode uid gid src dst destination ro rw readwrite env'.split(
    ' ',
  );

/**
 * Parses one mount. `expand` resolves variables in values; without it `from` must not hold any, and a mount whose values
 * hold some is not checked further (undefined): it can be read only when it runs. Throws Errors in the reference's words.
 */
export function parseMount(text: string, expand?: (value: string) => string): RunMount | undefined {
  const fields = readFields(text);
  const mount: RunMount = {
    type: 'bind',
    from: '',
    source: '',
    target: '',
    readOnly: true,
    id: '',
    sharing: '',
    required: false,
    size: undefined,
    mode: undefined,
    uid: undefined,
    gid: undefined,
    env: undefined,
  };
  if (!expand && fields.some((field) => /\$./.test(field))) {
    if (fields.some((field) => /^from=.*\$./is.test(field))) {
      throw new Error("'from' doesn't support variable expansion, define alias stage instead");
    }
    return undefined;
  }
  let chosen = false;
  for (const field of fields) chosen = setField(mount, field, expand) || chosen;
  if (!chosen) mount.readOnly = mount.type !== 'cache' && mount.type !== 'tmpfs';
  checkMount(mount);
  return mount;
}

function readFields(text: string): string[] {
  try {
    return parseCsvRecord(text);
  } catch (error) {
    throw new Error(`failed to parse csv mounts: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

/** True when the field says whether the mount is read-only. */
function setField(mount: RunMount, field: string, expand: ((value: string) => string) | undefined): boolean {
  const equals = field.indexOf('=');
  const key = (equals < 0 ? field : field.slice(0, equals)).toLowerCase();
  if (equals < 0) return setWord(mount, key, field);
  const value = expand ? expand(field.slice(equals + 1)) : field.slice(equals + 1);
  const secretOrSsh = mount.type === 'secret' || mount.type === 'ssh';
  switch (key) {
    case 'type':
      mount.type = oneOf(value, mountTypes, 'unsupported mount type');
      return false;
    case 'from':
      mount.from = value;
      return false;
    case 'source':
    case 'src':
      mount.source = value;
      return false;
    case 'target':
    case 'dst':
    case 'destination':
      mount.target = value;
      return false;
    case 'readonly':
    case 'ro':
      mount.readOnly = bool(key, value);
      return true;
    case 'readwrite':
    case 'rw':
      mount.readOnly = !bool(key, value);
      return true;
    case 'required':
      if (!secretOrSsh) throw unexpectedFor(key, mount.type);
      mount.required = bool(key, value);
      return false;
    case 'size':
      if (mount.type !== 'tmpfs') throw unexpectedFor(key, mount.type);
      mount.size = checked(() => ramInBytes(value), `invalid value for ${key}: ${value}`);
      return false;
    case 'id':
      mount.id = value;
      return false;
    case 'sharing':
      mount.sharing = oneOf(value, mountSharing, 'unsupported sharing value');
      return false;
    case 'mode':
      mount.mode = number(value, 8, `invalid value ${value} for mode`);
      return false;
    case 'uid':
    case 'gid':
      mount[key] = number(value, 10, `invalid value ${value} for ${key}`);
      return false;
    case 'env':
      if (mount.type !== 'secret') throw unexpectedFor(key, mount.type);
      mount.env = value;
      return false;
    default:
      throw new Error(`unexpected key '${key}' in '${field}'${didYouMean(key, keys)}`);
  }
}

function setWord(mount: RunMount, key: string, field: string): boolean {
  switch (key) {
    case 'readonly':
    case 'ro':
      mount.readOnly = true;
      return true;
    case 'readwrite':
    case 'rw':
      mount.readOnly = false;
      return true;
    case 'required':
      if (mount.type !== 'secret' && mount.type !== 'ssh') throw unexpectedFor(key, mount.type);
      mount.required = true;
      return false;
    case 'env':
      if (mount.type !== 'secret') throw unexpectedFor(key, mount.type);
      mount.env = '';
      return false;
    default:
      throw new Error(`invalid field '${field}' must be a key=value pair`);
  }
}

function checkMount(mount: RunMount): void {
  const { type } = mount;
  if (type === 'bind' || type === 'tmpfs') {
    for (const key of ['mode', 'uid', 'gid'] as const) {
      if (mount[key] !== undefined) throw new Error(`${key} not allowed for ${quoteGo(type)} type mounts`);
    }
  }
  if (type === 'secret') {
    if (mount.from !== '') throw new Error('secret mount should not have a from');
    if (mount.sharing !== '') throw new Error('secret mount should not define sharing');
    if (mount.source === '' && mount.target === '' && mount.id === '') {
      throw new Error('invalid secret mount. one of source, target required');
    }
    if (mount.source !== '' && mount.id !== '') throw new Error("both source and id can't be set");
  }
  if (type === 'ssh' && mount.source !== '') throw new Error('ssh does not support source');
  if (mount.sharing !== '' && type !== 'cache')
    throw new Error(`invalid cache sharing set for ${type} mount`);
  if (mount.target === '/' && type !== 'secret' && type !== 'ssh')
    throw new Error('invalid mount target "/"');
}

function oneOf<T extends string>(value: string, options: readonly T[], what: string): T {
  const found = options.find((option) => option === value.toLowerCase());
  if (found === undefined) throw new Error(`${what} ${quoteGo(value)}${didYouMean(value, options)}`);
  return found;
}

function bool(key: string, value: string): boolean {
  return checked(() => parseBool(value), `invalid value for ${key}: ${value}`);
}

function number(value: string, radix: 8 | 10, message: string): number {
  if (!(radix === 8 ? /^[0-7]+$/ : /^[0-9]+$/).test(value)) throw new Error(message);
  const parsed = parseInt(value, radix);
  if (parsed > 0xffffffff) throw new Error(message);
  return parsed;
}

function checked<T>(parse: () => T, message: string): T {
  try {
    return parse();
  } catch (cause) {
    throw new Error(message, { cause });
  }
}

function unexpectedFor(key: string, type: MountType): Error {
  return new Error(`unexpected key '${key}' for mount type '${type}'`);
}
