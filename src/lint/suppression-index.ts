/** Suppressions as the runner asks for them: by rule and line, in a time that does not grow with their number. */
import type { Report, RuleDefinition } from './rule.ts';
import type { Suppression } from './suppressions.ts';

const names = new WeakMap<RuleDefinition, readonly string[]>();

/** Every name a rule goes by, in lower case. */
export function namesOf(rule: RuleDefinition): readonly string[] {
  let known = names.get(rule);
  if (known === undefined) {
    known = [rule.id, rule.name, ...(rule.aliases ?? [])].map((name) => name.toLowerCase());
    names.set(rule, known);
  }
  return known;
}

/** Suppressions of one name over the same lines. */
interface Cover {
  readonly first: number;
  readonly last: number;
  readonly suppressions: Suppression[];
  used: boolean;
}

export class SuppressionIndex {
  /** Those that silenced something. */
  readonly used = new Set<Suppression>();
  /** By name, in the order of the file: comments and instructions come in the same order, so covers do not overlap. */
  readonly #covers = new Map<string, Cover[]>();
  /** Those of whole stages, which lie around the ones of instructions. */
  readonly #stages = new Map<string, Cover[]>();
  readonly #wholeFile = new Map<string, Cover>();

  constructor(suppressions: readonly Suppression[]) {
    for (const suppression of suppressions) {
      const { rule, lines, scope, origin } = suppression;
      // `all` means all of BuildKit's checks, and only BuildKit's own comments say it.
      const name = rule === 'all' && origin === 'check' ? everyCheck : rule.toLowerCase();
      if (lines === undefined) {
        const cover = this.#wholeFile.get(name);
        if (cover === undefined) this.#wholeFile.set(name, coverOf(suppression, 0, Infinity));
        else cover.suppressions.push(suppression);
        continue;
      }
      const table = scope === 'stage' ? this.#stages : this.#covers;
      const covers = table.get(name) ?? [];
      if (covers.length === 0) table.set(name, covers);
      const last = covers.at(-1);
      if (last?.first === lines[0]) last.suppressions.push(suppression);
      else covers.push(coverOf(suppression, lines[0], lines[1]));
    }
  }

  /** True when a finding of `rule` at `line` is not wanted; what silences it counts as used. */
  silences(
    rule: RuleDefinition,
    line: number,
    { alias, alsoAt = [] }: Pick<Report, 'alias' | 'alsoAt'> = {},
  ): boolean {
    if (this.#covers.size === 0 && this.#stages.size === 0 && this.#wholeFile.size === 0) return false;
    let silenced = false;
    const own = alias === undefined ? namesOf(rule) : namesOf(rule).filter((name) => !isOther(name, alias));
    const all = rule.id.startsWith('BK') ? [everyCheck] : [];
    for (const name of [...own, ...all]) {
      const found = [this.#wholeFile.get(name)];
      for (const at of [line, ...alsoAt]) {
        found.push(coverAt(this.#covers.get(name), at), coverAt(this.#stages.get(name), at));
      }
      for (const cover of found) {
        if (cover === undefined) continue;
        silenced = true;
        if (cover.used) continue;
        cover.used = true;
        for (const suppression of cover.suppressions) this.used.add(suppression);
      }
    }
    return silenced;
  }
}

/** Another code of the linter that `alias` is of: this finding is not that one. */
function isOther(name: string, alias: string): boolean {
  return /^dl\d+$/.test(name) && name !== alias.toLowerCase();
}

const everyCheck = 'all checks';

function coverOf(suppression: Suppression, first: number, last: number): Cover {
  return { first, last, suppressions: [suppression], used: false };
}

function coverAt(covers: readonly Cover[] | undefined, line: number): Cover | undefined {
  if (covers === undefined) return undefined;
  let low = 0;
  let high = covers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (covers[middle]!.first <= line) low = middle + 1;
    else high = middle;
  }
  const cover = covers[low - 1];
  return cover !== undefined && line <= cover.last ? cover : undefined;
}
