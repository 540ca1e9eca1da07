/** What the services of Windows hold for containers, and whether those containers still run. */
import { pass, problem, runChecks, skip } from './check.ts';
import type { Check, CheckResult } from './check.ts';

/** One kind of object that bears our name. */
export interface OwnedObjects {
  /** Of a container of this data root whose monitor runs. */
  readonly inUse: number;
  /** Of a container of this data root that does not run: nobody will give them back but the container's next start. */
  readonly left: readonly { readonly object: string; readonly container: string; readonly name: string }[];
  /** Of no container of this data root; another data root of this machine may have it. */
  readonly foreign: readonly string[];
}

/** `undefined`: not asked, for the reason in `why`. */
export interface HostObjects {
  readonly systems: OwnedObjects | undefined;
  readonly endpoints: OwnedObjects | undefined;
  readonly why: string;
}

export function checkHostObjects(facts: HostObjects): CheckResult[] {
  return runChecks(hostObjectChecks, facts);
}

const elevated = 'in a terminal started with "Run as administrator":';
const elsewhere = 'if another data root is in use: porthole --data-root FOLDER ps -a';
const shownAtMost = 3;

interface Words {
  readonly id: string;
  readonly one: string;
  readonly many: string;
  /** What removes one by hand. */
  readonly remove: (object: string) => string;
}

const systemWords: Words = {
  id: 'compute-systems',
  one: 'compute system',
  many: 'compute systems',
  remove: (id) => `hcsdiag kill ${id}`,
};
const endpointWords: Words = {
  id: 'endpoints',
  one: 'endpoint',
  many: 'endpoints',
  remove: (name) => `Get-HnsEndpoint | Where-Object Name -eq ${name} | Remove-HnsEndpoint`,
};

function check(words: Words, found: OwnedObjects | undefined, why: string): CheckResult {
  const { id } = words;
  if (found === undefined) return skip(id, why);
  const { inUse, left, foreign } = found;
  const count = (number: number): string => `${number} ${number === 1 ? words.one : words.many}`;
  if (left.length === 0 && foreign.length === 0)
    return pass(id, inUse === 0 ? `no ${words.one} exists` : `${count(inUse)}, each of a running container`);
  const parts: string[] = [];
  const fix: string[] = [];
  if (left.length > 0) {
    parts.push(
      `${count(left.length)} of containers that do not run: ${shorten(left.map(({ name }) => name))}`,
    );
    fix.push('porthole doctor --fix gives them back');
  }
  if (foreign.length > 0) {
    parts.push(`${count(foreign.length)} of no container of this data root`);
    fix.push(elsewhere, elevated, ...foreign.slice(0, shownAtMost).map(words.remove));
  }
  const containers = [...new Set(left.map(({ container }) => container))];
  return problem(
    'warn',
    id,
    parts.join('; '),
    fix,
    containers.length === 0 ? undefined : { kind: 'release-containers', containers },
  );
}

function shorten(names: readonly string[]): string {
  const unique = [...new Set(names)];
  const more = unique.length - shownAtMost;
  return unique.slice(0, shownAtMost).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

const hostObjectChecks: readonly Check<HostObjects>[] = [
  ({ systems, why }) => check(systemWords, systems, why),
  ({ endpoints, why }) => check(endpointWords, endpoints, why),
];
