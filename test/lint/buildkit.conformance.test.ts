import { expect } from 'chai';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SourceText } from '../../src/dockerfile/source.ts';
import { lintSource } from '../../src/lint/lint-file.ts';
import { rules } from '../../src/lint/rules/index.ts';

interface Warning {
  rule: string;
  line: number;
  message: string;
  description: string;
  url: string;
}

interface Case {
  id: string;
  variant: 'any' | 'windows' | 'linux';
  dockerfile: string;
  dockerignore?: string;
  frontend_attrs?: Record<string, string>;
  check_warnings: Warning[] | null;
}

const folder = join(import.meta.dirname, '../../../shared/conformance/dockerfile/lint/buildkit');
const missing = !existsSync(folder);

describe(`BuildKit build checks${missing ? ' (skipped: no conformance data beside the checkout)' : ''}`, () => {
  if (missing) {
    it.skip('agree with the recorded cases: no conformance data beside the checkout');
    return;
  }
  const checks = rules.filter((rule) => rule.id.startsWith('BK'));
  for (const file of readdirSync(folder).toSorted()) {
    const recorded = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Case;
    it(recorded.id, () => {
      const attributes = recorded.frontend_attrs ?? {};
      const override = attributes['build-arg:BUILDKIT_DOCKERFILE_CHECK'];
      const { findings } = lintSource(new SourceText(recorded.dockerfile), checks, {
        name: 'Dockerfile',
        foldCovered: false,
        ...(recorded.variant === 'windows' ? { targetOs: 'windows' as const } : {}),
        ...(override === undefined ? {} : { checkOverride: override }),
        rule: { dockerignore: recorded.dockerignore },
      });
      const got = findings
        .filter((finding) => finding.code.startsWith('BK'))
        .map((finding) => {
          const rule = checks.find((candidate) => candidate.id === finding.code);
          return {
            rule: rule?.aliases?.[0],
            line: finding.line,
            message: finding.message,
            description: rule?.description,
            url: finding.url,
          };
        });
      const order = (a: { line: number; message: string }, b: { line: number; message: string }): number =>
        a.line - b.line || (a.message < b.message ? -1 : 1);
      const expected = (recorded.check_warnings ?? []).map(({ rule, line, message, description, url }) => ({
        rule,
        line,
        message,
        description,
        url,
      }));

      expect(got.toSorted(order)).to.deep.equal(expected.toSorted(order));
    });
  }
});
