/** `--mount type=bind,source=C:\x,target=C:\y` (`opts/mount.go`; docker-cli.md 5.3). */
import type { MountSpec } from '../../api/types/index.ts';
import { ramInBytes } from '../../text/size.ts';
import { parseBool, parseUint } from '../../text/strconv.ts';
import { hostPath } from './client.ts';
import type { Client } from './client.ts';
import { csvFields } from './csv.ts';
import { cut, sortedRecord } from './key-values.ts';
import { own } from '../../text/own.ts';

interface Draft {
  type: string;
  source: string;
  target: string;
  readOnly: boolean;
  consistency: string;
  bind?: {
    propagation: string;
    nonRecursive: boolean;
    readOnlyNonRecursive: boolean;
    readOnlyForceRecursive: boolean;
  };
  volume?: {
    noCopy: boolean;
    labels: [string, string][];
    subpath: string;
    driver: string;
    options: [string, string][];
  };
  image?: { subpath: string };
  tmpfs?: { size: number; mode: number };
}

const bindOf = (draft: Draft) =>
  (draft.bind ??= {
    propagation: '',
    nonRecursive: false,
    readOnlyNonRecursive: false,
    readOnlyForceRecursive: false,
  });

const volumeOf = (draft: Draft) =>
  (draft.volume ??= { noCopy: false, labels: [], subpath: '', driver: '', options: [] });

const tmpfsOf = (draft: Draft) => (draft.tmpfs ??= { size: 0, mode: 0 });

function valueOr<T>(read: (text: string) => T, key: string, value: string): T {
  try {
    return read(value);
  } catch {
    throw new Error(`invalid value for ${key}: ${value}`);
  }
}

function addPair(pairs: [string, string][], value: string): void {
  const [key, text] = cut(value, '=');
  if (key !== '') pairs.push([key, text]);
}

const setters: Readonly<Record<string, (draft: Draft, value: string, key: string) => void>> = {
  type: (draft, value) => (draft.type = value.toLowerCase()),
  source: (draft, value) => (draft.source = value),
  target: (draft, value) => (draft.target = value),
  readonly: (draft, value, key) => (draft.readOnly = valueOr(parseBool, key, value)),
  consistency: (draft, value) => (draft.consistency = value.toLowerCase()),
  'bind-propagation': (draft, value) => (bindOf(draft).propagation = value.toLowerCase()),
  'bind-nonrecursive': (draft, value, key) => (bindOf(draft).nonRecursive = valueOr(parseBool, key, value)),
  'bind-recursive': (draft, value, key) => {
    if (value === 'disabled') bindOf(draft).nonRecursive = true;
    else if (value === 'writable') bindOf(draft).readOnlyNonRecursive = true;
    else if (value === 'readonly') bindOf(draft).readOnlyForceRecursive = true;
    else if (value !== 'enabled') {
      throw new Error(
        `invalid value for ${key}: ${value} (must be "enabled", "disabled", "writable", or "readonly")`,
      );
    }
  },
  'volume-subpath': (draft, value) => (volumeOf(draft).subpath = value),
  'volume-nocopy': (draft, value, key) => (volumeOf(draft).noCopy = valueOr(parseBool, key, value)),
  'volume-label': (draft, value) => addPair(volumeOf(draft).labels, value),
  'volume-driver': (draft, value) => (volumeOf(draft).driver = value),
  'volume-opt': (draft, value) => addPair(volumeOf(draft).options, value),
  'image-subpath': (draft, value) => (draft.image = { subpath: value }),
  'tmpfs-size': (draft, value, key) => (tmpfsOf(draft).size = valueOr(ramInBytes, key, value)),
  'tmpfs-mode': (draft, value, key) => (tmpfsOf(draft).mode = valueOr(octal, key, value)),
};

const synonyms: Readonly<Record<string, string>> = {
  src: 'source',
  dst: 'target',
  destination: 'target',
  ro: 'readonly',
};

/** Keys that may stand alone. */
const switches = new Set(['readonly', 'volume-nocopy', 'bind-nonrecursive']);

function octal(text: string): number {
  if (!/^[0-7]+$/.test(text)) throw new Error('invalid syntax');
  return parseUint(String(parseInt(text, 8)), 32);
}

function parseDraft(value: string): Draft {
  const draft: Draft = { type: 'volume', source: '', target: '', readOnly: false, consistency: '' };
  for (const field of csvFields(value)) {
    const [typed, text, found] = cut(field, '=');
    const shown = typed.toLowerCase();
    const key = own(synonyms, shown) ?? shown;
    if (!found && !switches.has(key)) throw new Error(`invalid field '${field}' must be a key=value pair`);
    const set = own(setters, key);
    if (!set) throw new Error(`unexpected key '${shown}' in '${field}'`);
    set(draft, found ? text : 'true', shown);
  }
  return draft;
}

function checkDraft(draft: Draft): void {
  if (draft.type === '') throw new Error('type is required');
  if (draft.target === '') throw new Error('target is required');
  for (const [options, type] of [
    [draft.volume, 'volume'],
    [draft.bind, 'bind'],
    [draft.tmpfs, 'tmpfs'],
    [draft.image, 'image'],
  ] as const) {
    if (options && draft.type !== type)
      throw new Error(`cannot mix '${type}-*' options with mount type '${draft.type}'`);
  }
  const requires = (option: string, other: string) =>
    new Error(`option 'bind-recursive=${option}' requires '${other}' to be specified in conjunction`);
  if (draft.bind?.readOnlyNonRecursive && !draft.readOnly) throw requires('writable', 'readonly');
  if (draft.bind?.readOnlyForceRecursive) {
    if (!draft.readOnly) throw requires('readonly', 'readonly');
    if (draft.bind.propagation !== 'rprivate') throw requires('readonly', 'bind-propagation=rprivate');
  }
}

/** The flag's own check: the value is kept as typed and built into a spec by `parseMount`. */
export function checkMount(value: string): string {
  checkDraft(parseDraft(value));
  return value;
}

/** One mount as the engine takes it; keys in Docker's order, absent when empty. */
export function parseMount(value: string, client: Pick<Client, 'platform' | 'cwd' | 'homeDir'>): MountSpec {
  const draft = parseDraft(value);
  checkDraft(draft);
  const { bind, volume, image, tmpfs } = draft;
  return {
    Type: draft.type as MountSpec['Type'],
    ...(draft.source !== '' && { Source: hostPath(client, draft.source) }),
    Target: draft.target,
    ...(draft.readOnly && { ReadOnly: true }),
    ...(draft.consistency !== '' && { Consistency: draft.consistency }),
    ...(bind && {
      BindOptions: {
        ...(bind.propagation !== '' && { Propagation: bind.propagation }),
        ...(bind.nonRecursive && { NonRecursive: true }),
        ...(bind.readOnlyNonRecursive && { ReadOnlyNonRecursive: true }),
        ...(bind.readOnlyForceRecursive && { ReadOnlyForceRecursive: true }),
      },
    }),
    ...(volume && {
      VolumeOptions: {
        ...(volume.noCopy && { NoCopy: true }),
        ...(volume.labels.length > 0 && { Labels: sortedRecord(volume.labels) }),
        ...(volume.subpath !== '' && { Subpath: volume.subpath }),
        DriverConfig: {
          ...(volume.driver !== '' && { Name: volume.driver }),
          ...(volume.options.length > 0 && { Options: sortedRecord(volume.options) }),
        },
      },
    }),
    ...(image && { ImageOptions: image.subpath === '' ? {} : { Subpath: image.subpath } }),
    ...(tmpfs && {
      TmpfsOptions: {
        ...(tmpfs.size !== 0 && { SizeBytes: tmpfs.size }),
        ...(tmpfs.mode !== 0 && { Mode: tmpfs.mode }),
      },
    }),
  };
}
