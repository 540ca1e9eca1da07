/**
 * The variables of a stage as they grow from instruction to instruction. Every instruction keeps what was known before it: a
 * copy for each would make long files quadratic, so all share one history and remember only how far it had come.
 */
interface Change {
  readonly at: number;
  readonly value: string | undefined;
}

export type Variables = ReadonlyMap<string, string | undefined>;

/** A stage chain deeper than this is copied: looking a name up walks the chain. */
const deepest = 64;

export class VariableHistory {
  readonly inherited: VariablesAt | undefined;
  readonly depth: number;
  /** One change or several in their order: nearly all names have one. */
  readonly changes = new Map<string, Change | Change[]>();
  #count = 0;
  #now: VariablesAt | undefined;

  constructor(inherited?: VariablesAt) {
    const flat = inherited !== undefined && inherited.depth >= deepest;
    this.inherited = flat ? undefined : inherited;
    this.depth = (this.inherited?.depth ?? 0) + 1;
    if (flat) for (const [name, value] of inherited) this.set(name, value);
  }

  set(name: string, value: string | undefined): void {
    this.#now = undefined;
    const change = { at: this.#count++, value };
    const changes = this.changes.get(name);
    if (changes === undefined) this.changes.set(name, change);
    else if (isList(changes)) changes.push(change);
    else this.changes.set(name, [changes, change]);
  }

  get(name: string): string | undefined {
    const changes = this.changes.get(name);
    if (changes === undefined) return this.inherited?.get(name);
    return isList(changes) ? changes.at(-1)!.value : changes.value;
  }

  now(): VariablesAt {
    return (this.#now ??= new VariablesAt(this, this.#count));
  }
}

/** What was known at one moment. Later changes of the history are not seen. */
export class VariablesAt implements Variables {
  readonly #history: VariableHistory;
  /** Changes before this one are seen. */
  readonly #until: number;

  constructor(history: VariableHistory, until: number) {
    this.#history = history;
    this.#until = until;
  }

  get depth(): number {
    return this.#history.depth;
  }

  has(name: string): boolean {
    const changes = this.#history.changes.get(name);
    if (changes !== undefined && firstOf(changes).at < this.#until) return true;
    return this.#history.inherited?.has(name) ?? false;
  }

  get(name: string): string | undefined {
    const change = lastBefore(this.#history.changes.get(name), this.#until);
    return change === undefined ? this.#history.inherited?.get(name) : change.value;
  }

  get size(): number {
    return this.#all().size;
  }

  keys(): MapIterator<string> {
    return this.#all().keys();
  }

  entries(): MapIterator<[string, string | undefined]> {
    return this.#all().entries();
  }

  values(): MapIterator<string | undefined> {
    return this.#all().values();
  }

  /** What each history of the chain adds, from the first on: to ask the chain for every name would cost its length each time. */
  #all(): Map<string, string | undefined> {
    const { inherited, changes } = this.#history;
    const all = inherited === undefined ? new Map<string, string | undefined>() : inherited.#all();
    for (const [name, changed] of changes) {
      const change = lastBefore(changed, this.#until);
      if (change !== undefined) all.set(name, change.value);
    }
    return all;
  }

  [Symbol.iterator](): MapIterator<[string, string | undefined]> {
    return this.entries();
  }

  forEach(visit: (value: string | undefined, name: string, map: Variables) => void): void {
    for (const [name, value] of this) visit(value, name, this);
  }
}

function isList<List extends readonly Change[]>(changes: Change | List): changes is List {
  return Array.isArray(changes);
}

function firstOf(changes: Change | readonly Change[]): Change {
  return isList(changes) ? changes[0]! : changes;
}

function lastBefore(changes: Change | readonly Change[] | undefined, until: number): Change | undefined {
  if (changes === undefined) return undefined;
  if (!isList(changes)) return changes.at < until ? changes : undefined;
  let low = 0;
  let high = changes.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (changes[middle]!.at < until) low = middle + 1;
    else high = middle;
  }
  return changes[low - 1];
}
