/** What the linter says of the recorded real Dockerfiles, in a form that shows in a review what changed. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { lintSource } from '../../src/lint/lint-file.ts';
import { readSource } from '../../src/lint/read-source.ts';
import { rules } from '../../src/lint/rules/index.ts';

/** By file, then rule: the lines that it reports. */
export type RealworldFindings = Record<string, Record<string, readonly number[]>>;

const folder = join(import.meta.dirname, '../../../shared/conformance/dockerfile/realworld');

/** Reviewed: every line of it was looked at. `node scripts/realworld-findings.ts` writes it anew. */
export const reviewedPath = join(import.meta.dirname, '../lint/realworld-findings.json');

export function hasRealworldFiles(): boolean {
  return existsSync(folder);
}

export function realworldFindings(): RealworldFindings {
  const all: RealworldFindings = {};
  for (const id of readdirSync(folder).toSorted()) {
    if (id === 'INDEX.tsv') continue;
    for (const name of readdirSync(join(folder, id))) {
      if (name === 'ast.json') continue;
      const { source, wasUtf16 } = readSource(readFileSync(join(folder, id, name)));
      const { findings } = lintSource(source, rules, {
        name,
        wasUtf16,
        rule: { asOf: Date.UTC(2026, 7, 1) },
      });
      const byRule: Record<string, number[]> = {};
      for (const { code, line } of findings) (byRule[code] ??= []).push(line);
      all[id] = Object.fromEntries(
        Object.keys(byRule)
          .toSorted()
          .map((code) => [code, byRule[code]!]),
      );
    }
  }
  return all;
}
