import { expect } from 'chai';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SourceText } from '../../src/dockerfile/source.ts';
import { lintSource } from '../../src/lint/lint-file.ts';
import type { LabelType } from '../../src/lint/rule.ts';
import { rules } from '../../src/lint/rules/index.ts';

interface Case {
  code: string;
  title: string;
  expect: 'fires' | 'silent';
  wrap_run_in_onbuild: boolean;
  config: {
    trustedRegistries?: string[];
    'label-schema'?: Record<string, LabelType>;
    'strict-labels'?: boolean;
  };
  dockerfile: string;
}

/** Cases that Porthole means to answer otherwise, by code and place in the recorded file. */
interface Difference {
  code: string;
  index: number;
  why: string;
}

const folder = join(import.meta.dirname, '../../../shared/conformance/dockerfile/lint/hadolint');
const missing = !existsSync(folder);
const differences = JSON.parse(
  readFileSync(join(import.meta.dirname, 'hadolint-differences.json'), 'utf8'),
) as Difference[];

/** Most cases are fragments; a rule here sees only what belongs to a stage. */
function complete({ dockerfile, wrap_run_in_onbuild }: Case): string {
  const text = wrap_run_in_onbuild ? dockerfile.replace(/^RUN\b/gim, 'ONBUILD $&') : dockerfile;
  return `${/^\s*FROM\b/im.test(text) ? '' : 'FROM scratch\n'}${text}\n`;
}

function fires(recorded: Case): boolean {
  const { code, config } = recorded;
  const ids = rules
    .filter(({ id, aliases = [] }) => id === code || aliases.includes(code))
    .map(({ id }) => id);
  const { findings } = lintSource(new SourceText(complete(recorded)), rules, {
    name: 'Dockerfile',
    only: new Set(ids),
    foldCovered: false,
    rule: {
      trustedRegistries: config.trustedRegistries ?? [],
      labelSchema: config['label-schema'] ?? {},
      strictLabels: config['strict-labels'] ?? false,
    },
  });
  return findings.some((finding) => ids.includes(finding.code) && (finding.alias ?? code) === code);
}

describe(`hadolint rules${missing ? ' (skipped: no conformance data beside the checkout)' : ''}`, () => {
  it('gives a reason for every difference', () => {
    for (const { why } of differences) expect(why).to.match(/\S/);
  });

  if (missing) {
    it.skip('agree with the recorded cases: no conformance data beside the checkout');
    return;
  }
  const files = readdirSync(folder)
    .toSorted()
    .map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as { code: string; cases: Case[] });
  const total = files.reduce((sum, { cases }) => sum + cases.length, 0);

  it('agree in at least 97 % of the recorded cases', () => {
    expect(differences.length).to.be.at.most(Math.floor(total * 0.03));
  });

  it('lists no difference that the recorded cases do not have', () => {
    const known = files.flatMap(({ code, cases }) => cases.map((_, index) => `${code} ${index}`));

    expect(known).to.include.members(differences.map(({ code, index }) => `${code} ${index}`));
  });

  for (const { code, cases } of files) {
    describe(code, () => {
      cases.forEach((recorded, index) => {
        const differs = differences.some((one) => one.code === code && one.index === index);
        const trigger = recorded.wrap_run_in_onbuild ? ' (ONBUILD)' : '';
        it(`${index} ${recorded.title}${trigger}${differs ? ' differs, as listed' : ''}`, () => {
          expect(fires(recorded)).to.equal((recorded.expect === 'fires') !== differs);
        });
      });
    });
  }
});
