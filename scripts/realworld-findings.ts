/** Writes `test/lint/realworld-findings.json` anew. Look at every line that changes: it is a finding that people would see. */
import { writeFileSync } from 'node:fs';
import { hasRealworldFiles, realworldFindings, reviewedPath } from '../test/support/realworld-findings.ts';

if (!hasRealworldFiles()) throw new Error('no conformance data beside the checkout');
const findings = realworldFindings();
const files = Object.entries(findings).map(([file, rules]) => {
  const lines = Object.entries(rules).map(([code, at]) => `    "${code}": [${at.join(', ')}]`);
  return lines.length === 0 ? `  "${file}": {}` : `  "${file}": {\n${lines.join(',\n')}\n  }`;
});
writeFileSync(reviewedPath, `{\n${files.join(',\n')}\n}\n`);
