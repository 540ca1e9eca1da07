import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import {
  hasRealworldFiles,
  realworldFindings,
  reviewedPath,
  type RealworldFindings,
} from '../support/realworld-findings.ts';

const missing = !hasRealworldFiles();

describe(`real Dockerfiles${missing ? ' (skipped: no conformance data beside the checkout)' : ''}`, () => {
  if (missing) {
    it.skip('have the reviewed findings: no conformance data beside the checkout');
    return;
  }
  it('have the reviewed findings (node scripts/realworld-findings.ts writes them anew)', () => {
    const reviewed = JSON.parse(readFileSync(reviewedPath, 'utf8')) as RealworldFindings;
    const found = realworldFindings();
    const list = (findings: RealworldFindings): string[] =>
      Object.entries(findings).flatMap(([file, rules]) =>
        Object.entries(rules).map(([code, lines]) => `${file} ${code}: ${lines.join(', ')}`),
      );

    expect(Object.keys(found)).to.deep.equal(Object.keys(reviewed));
    expect(list(found)).to.deep.equal(list(reviewed));
  });
});
