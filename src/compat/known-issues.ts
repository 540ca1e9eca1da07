import { PortholeError } from '../errors/porthole-error.ts';
import type { KnownIssue, KnownIssues } from './data/known-issues.ts';

export type { KnownIssue, KnownIssues };

export interface IssueQuery {
  readonly hostBuild: number;
  readonly imageBuild: number;
  readonly isolation: 'process' | 'hyperv';
  /** `windows/servercore`; undefined when only an ID is known. */
  readonly repository: string | undefined;
}

export function matchIssues({ issues }: KnownIssues, query: IssueQuery): KnownIssue[] {
  const within = (build: number, [from, to]: readonly [number, number]): boolean =>
    build >= from && build <= to;
  return issues.filter(
    ({ host, image, isolation, repository }) =>
      within(query.hostBuild, host) &&
      within(query.imageBuild, image) &&
      (isolation === undefined || isolation === query.isolation) &&
      (repository === undefined || query.repository?.includes(repository) === true),
  );
}

/** A newer table than the built-in one, as JSON. Kind `invalid`, code `KNOWN_ISSUES`, when it is none. */
export function parseKnownIssues(text: string): KnownIssues {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw bad('it is not JSON', cause);
  }
  const { version, issues } = (value ?? {}) as Record<string, unknown>;
  if (typeof version !== 'string' || !Array.isArray(issues)) throw bad('it needs "version" and "issues"');
  return { version, issues: issues.map(checkIssue) };
}

function checkIssue(value: unknown, index: number): KnownIssue {
  const row = (value ?? {}) as Record<string, unknown>;
  const where = `issues[${index}]`;
  for (const name of ['id', 'symptom', 'advice', 'reference']) {
    if (typeof row[name] !== 'string') throw bad(`${where}.${name} must be a string`);
  }
  for (const name of ['host', 'image']) {
    const range = row[name];
    if (!Array.isArray(range) || range.length !== 2 || !range.every(Number.isInteger)) {
      throw bad(`${where}.${name} must be two build numbers`);
    }
  }
  const { isolation, repository } = row;
  if (isolation !== undefined && isolation !== 'process' && isolation !== 'hyperv') {
    throw bad(`${where}.isolation must be process or hyperv`);
  }
  if (repository !== undefined && typeof repository !== 'string') {
    throw bad(`${where}.repository must be a string`);
  }
  return row as unknown as KnownIssue;
}

function bad(why: string, cause?: unknown): PortholeError {
  return new PortholeError('invalid', 'KNOWN_ISSUES', `this is no table of known issues: ${why}`, { cause });
}
