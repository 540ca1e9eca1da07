/**
 * What one layer changed in a hive, as text (linux-backend.md 13):
 *
 *     PORTHOLE REGISTRY DELTA 1
 *
 *     -[Software\\Gone]
 *
 *     [Software\\Acme]
 *     "Version"="2"
 *     "Old"=-
 *
 * Keys and values are in Wine's spelling and sorted, so equal changes give equal bytes. Pure.
 */
import { foldKey, formatBlock, parseBlock, type Hive } from './registry-text.ts';

export interface RegistryDelta {
  /** Escaped keys that are gone with everything below them. Removed before `keys` are written. */
  readonly deleted: readonly string[];
  /** Escaped key -> name as in the text (`"Name"` or `@`) -> value text, null when the value is gone. */
  readonly keys: ReadonlyMap<string, ReadonlyMap<string, string | null>>;
}

export const emptyDelta: RegistryDelta = { deleted: [], keys: new Map() };

const title = 'PORTHOLE REGISTRY DELTA 1';

export function isEmptyDelta(delta: RegistryDelta): boolean {
  return delta.deleted.length === 0 && delta.keys.size === 0;
}

export function formatDelta(delta: RegistryDelta): string {
  let text = `${title}\n\n`;
  for (const key of [...delta.deleted].sort(byFold)) text += `-[${key}]\n\n`;
  for (const [key, values] of [...delta.keys].sort(([a], [b]) => byFold(a, b))) {
    text += `[${key}]\n`;
    for (const [name, value] of [...values].sort(([a], [b]) => byFold(a, b)))
      text += `${name}=${value ?? '-'}\n`;
    text += '\n';
  }
  return text;
}

export class RegistryDeltaError extends Error {}

/** Throws a RegistryDeltaError on text that is no delta: a damaged layer must not be half applied. */
export function parseDelta(text: string): RegistryDelta {
  const [first, ...lines] = text.split('\n');
  if (first?.trimEnd() !== title) throw new RegistryDeltaError('not a registry delta');
  const deleted: string[] = [];
  const keys = new Map<string, Map<string, string | null>>();
  let values: Map<string, string | null> | undefined;
  for (const line of lines) {
    const gone = /^-\[((?:\\.|[^\\\]])*)\]$/.exec(line)?.[1];
    const key = /^\[((?:\\.|[^\\\]])*)\]$/.exec(line)?.[1];
    const name = /^(?:@|"(?:\\.|[^"\\])*")(?==)/.exec(line)?.[0];
    if (gone !== undefined) deleted.push(gone);
    else if (key !== undefined) keys.set(key, (values = new Map<string, string | null>()));
    else if (name !== undefined && values !== undefined) {
      const value = line.slice(name.length + 1);
      values.set(name, value === '-' ? null : value);
    } else if (line !== '')
      throw new RegistryDeltaError(`not a line of a registry delta: ${line.slice(0, 80)}`);
  }
  return { deleted, keys };
}

/** The hive with the deltas applied in order; the argument is not changed. */
export function applyDeltas(hive: Hive, deltas: readonly RegistryDelta[]): Hive {
  const blocks = new Map(hive.blocks);
  for (const delta of deltas) {
    for (const key of delta.deleted) {
      const folded = foldKey(key);
      for (const name of blocks.keys()) if (isAtOrBelow(name, folded)) blocks.delete(name);
    }
    for (const [key, values] of delta.keys) {
      const before = blocks.get(foldKey(key));
      const content = parseBlock(before?.text ?? `[${key}] 0\n`);
      for (const [name, value] of values) {
        if (value === null) content.values.delete(foldKey(name));
        else
          content.values.set(foldKey(name), { name: content.values.get(foldKey(name))?.name ?? name, value });
      }
      blocks.set(foldKey(key), { key: before?.key ?? key, text: formatBlock(content) });
    }
  }
  return { head: hive.head, blocks };
}

/** What turns `before` into `after`, without the keys and values that `isVolatile` names (folded key, folded name). */
export function diffHives(
  before: Hive,
  after: Hive,
  isVolatile: (key: string, name: string | undefined) => boolean,
): RegistryDelta {
  const keys = new Map<string, Map<string, string | null>>();
  for (const [folded, block] of after.blocks) {
    const old = before.blocks.get(folded);
    if (old?.text === block.text || isVolatile(folded, undefined)) continue;
    const values = changedValues(folded, old?.text, block.text, isVolatile);
    if (values.size > 0 || (old === undefined && !existedAsParent(before, folded)))
      keys.set(block.key, values);
  }
  const gone = [...before.blocks.keys()].filter(
    (key) => !after.blocks.has(key) && !isVolatile(key, undefined),
  );
  return { deleted: deletedKeys(gone, before, after, keys), keys };
}

function changedValues(
  key: string,
  before: string | undefined,
  after: string,
  isVolatile: (key: string, name: string) => boolean,
): Map<string, string | null> {
  const old = before === undefined ? new Map<string, never>() : parseBlock(before).values;
  const now = parseBlock(after).values;
  const values = new Map<string, string | null>();
  for (const [name, text] of now)
    if (old.get(name)?.value !== text.value && !isVolatile(key, name)) values.set(text.name, text.value);
  for (const [name, text] of old) if (!now.has(name) && !isVolatile(key, name)) values.set(text.name, null);
  return values;
}

/** Wine writes no block for a key that has subkeys but no values: such a key is neither new nor gone. */
function existedAsParent(hive: Hive, folded: string): boolean {
  for (const key of hive.blocks.keys()) if (key.startsWith(`${folded}\\\\`)) return true;
  return false;
}

function deletedKeys(
  gone: readonly string[],
  before: Hive,
  after: Hive,
  keys: Map<string, Map<string, string | null>>,
): string[] {
  const deleted: string[] = [];
  for (const folded of gone) {
    const block = before.blocks.get(folded)!;
    if (existedAsParent(after, folded)) {
      const values = changedValues(folded, block.text, '', () => false);
      if (values.size > 0) keys.set(block.key, values);
    } else if (!deleted.some((key) => isAtOrBelow(folded, foldKey(key)))) deleted.push(block.key);
  }
  return deleted;
}

function isAtOrBelow(folded: string, parent: string): boolean {
  return folded === parent || folded.startsWith(`${parent}\\\\`);
}

function byFold(a: string, b: string): number {
  const [x, y] = [foldKey(a), foldKey(b)];
  return x < y ? -1 : x > y ? 1 : 0;
}
