/** What checks are: pure functions from facts to one result each. */

/** `skip`: not needed here, or it cannot be told (the fact says why). */
export type CheckStatus = 'pass' | 'warn' | 'fail' | 'skip';

/** Things that `doctor --fix` may do: they lose nothing and change no setting of the system. */
export type Repair =
  | { readonly kind: 'protect-data-root'; readonly path: string }
  | { readonly kind: 'start-service'; readonly service: 'vmcompute' | 'hns' }
  | { readonly kind: 'sweep-store' }
  | { readonly kind: 'release-containers'; readonly containers: readonly string[] };

export interface CheckResult {
  /** Stable: scripts and messages name it. */
  readonly id: string;
  readonly status: CheckStatus;
  /** What was seen. */
  readonly fact: string;
  /** What to type or do, in this order; empty when there is nothing to do. */
  readonly fix: readonly string[];
  readonly repair?: Repair;
}

export type Check<Facts> = (facts: Facts) => CheckResult | readonly CheckResult[];

export const pass = (id: string, fact: string): CheckResult => ({ id, status: 'pass', fact, fix: [] });
export const skip = (id: string, fact: string): CheckResult => ({ id, status: 'skip', fact, fix: [] });

export function problem(
  status: 'warn' | 'fail',
  id: string,
  fact: string,
  fix: readonly string[],
  repair?: Repair,
): CheckResult {
  return { id, status, fact, fix, ...(repair === undefined ? {} : { repair }) };
}

export function runChecks<Facts>(checks: readonly Check<Facts>[], facts: Facts): CheckResult[] {
  return checks.flatMap((check) => check(facts));
}

/** What `--fix` does, in words. */
export function repairText(repair: Repair): string {
  switch (repair.kind) {
    case 'protect-data-root':
      return `take the rights of others from ${repair.path}`;
    case 'start-service':
      return `start the service ${repair.service}`;
    case 'sweep-store':
      return 'delete what interrupted commands left in the store';
    case 'release-containers':
      return `give back what the host holds for ${repair.containers.map((id) => id.slice(0, 12)).join(', ')}`;
  }
}

const gibibyte = 1024 ** 3;

export function gib(bytes: number): string {
  return `${(bytes / gibibyte).toFixed(1)} GiB`;
}

/** Less than this and pulls of base images (1.7 to 5 GB, unpacked) fail; with less than the other they soon will. */
const tooLittle = 2 * gibibyte;
const little = 20 * gibibyte;

export function diskSpace(
  path: string,
  freeBytes: number | undefined,
  totalBytes: number | undefined,
): CheckResult {
  const id = 'disk-space';
  if (freeBytes === undefined) return skip(id, `the free space of ${path} cannot be told`);
  const of = totalBytes === undefined ? '' : ` of ${gib(totalBytes)}`;
  const fact = `${gib(freeBytes)}${of} free for ${path}`;
  const fix = [
    'porthole rmi IMAGE removes images, porthole container prune stopped containers',
    'or use another drive: --data-root FOLDER, PORTHOLE_DATA_ROOT=FOLDER',
  ];
  if (freeBytes < tooLittle) return problem('fail', id, fact, fix);
  return freeBytes < little ? problem('warn', id, fact, fix) : pass(id, fact);
}
