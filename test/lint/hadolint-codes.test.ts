import { expect } from 'chai';
import { resolveRules } from '../../src/lint/config.ts';
import { rules } from '../../src/lint/rules/index.ts';

/** hadolint's own numbering has gaps. */
const gaps = [3005, 3017, 3031, 3039, 4002];

describe("hadolint's codes", () => {
  const codes = [1000, 1001, ...range(3000, 3067), ...range(4000, 4006)].filter(
    (code) => !gaps.includes(code),
  );

  it('are all known', () => {
    for (const code of codes) expect(resolveRules(`DL${code}`, rules)).to.not.be.empty;
  });
});

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}
