/** The store of this data root: what interrupted commands left, what cannot be read. */
import { pass, problem, runChecks } from './check.ts';
import type { Check, CheckResult } from './check.ts';

export interface StoreFacts {
  /** Networks of this data root with the subnets that they have or had last. */
  readonly networks: readonly { readonly name: string; readonly subnets: readonly string[] }[];
  readonly publishedPorts: readonly {
    readonly container: string;
    readonly port: number;
    readonly protocol: string;
  }[];
  /** Containers whose files cannot be read, by ID. */
  readonly damaged: readonly string[];
  /** Removed trees that are not deleted yet, and layers that nobody finished. */
  readonly leftovers: number;
}

export function checkStore(facts: StoreFacts): CheckResult[] {
  return runChecks(storeChecks, facts);
}

const damaged: Check<StoreFacts> = ({ damaged: ids }) =>
  ids.length === 0
    ? pass('containers', 'all containers can be read')
    : problem(
        'fail',
        'containers',
        `${ids.length === 1 ? 'a container is' : `${ids.length} containers are`} damaged`,
        ids.map((id) => `porthole rm -f ${id.slice(0, 12)}`),
      );

const leftovers: Check<StoreFacts> = ({ leftovers: count }) =>
  count === 0
    ? pass('leftovers', 'nothing was left by interrupted commands')
    : problem(
        'warn',
        'leftovers',
        `${count} ${count === 1 ? 'tree was' : 'trees were'} left by interrupted commands`,
        ['porthole doctor --fix deletes them'],
        { kind: 'sweep-store' },
      );

const storeChecks: readonly Check<StoreFacts>[] = [damaged, leftovers];
