/** The store of this data root: what interrupted commands left, what cannot be read. */
import { humanSize } from '../text/size.ts';
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
  /** Layers and blobs that no image, container or command needs. Absent: it could not be told. */
  readonly unneeded?:
    { readonly layers: readonly string[]; readonly blobs: number; readonly bytes: number } | undefined;
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

const leftovers: Check<StoreFacts> = ({ leftovers: trees, unneeded }) => {
  const bytes = unneeded?.bytes ?? 0;
  const found = [
    ...(trees === 0 ? [] : [trees === 1 ? '1 tree' : `${trees} trees`]),
    ...(bytes === 0 ? [] : [`${humanSize(bytes)} of layers and blobs that no image needs`]),
  ];
  if (found.length === 0) return pass('leftovers', 'nothing was left by interrupted commands');
  return problem(
    'warn',
    'leftovers',
    `${found.join(', ')} ${trees === 1 && bytes === 0 ? 'was' : 'were'} left by interrupted commands`,
    ['porthole doctor --fix deletes them'],
    { kind: 'sweep-store' },
  );
};

const storeChecks: readonly Check<StoreFacts>[] = [damaged, leftovers];
