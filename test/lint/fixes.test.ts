/** Every fix of every rule: its result is a Dockerfile, has the finding no more, and stays as it is. */
import { expect } from 'chai';
import { SourceText } from '../../src/dockerfile/source.ts';
import { fixSource } from '../../src/lint/apply-fixes.ts';
import { lintSource } from '../../src/lint/lint-file.ts';
import { rules } from '../../src/lint/rules/index.ts';

interface Sample {
  readonly title: string;
  readonly text: string;
}

/** The same file in the shapes that break edits by offset. */
function shapes(text: string): Sample[] {
  const escape = /^#\s*escape=`/i.test(text) ? '`' : '\\';
  return [
    { title: 'as written', text },
    { title: 'CRLF', text: text.replaceAll('\n', '\r\n') },
    { title: 'a mark and no last line end', text: `\uFEFF${text.replace(/\n$/, '')}` },
    {
      title: 'continued lines',
      text: text.replace(/^(RUN \S+|COPY \S+|WORKDIR|EXPOSE) /gm, `$1 ${escape}\n  # between\n    `),
    },
    { title: 'ONBUILD', text: text.replace(/^RUN /gm, 'ONBUILD RUN ') },
  ];
}

describe('fixes', () => {
  for (const rule of rules) {
    const fixable = rule.cases.bad.filter(({ fixed }) => fixed !== undefined);
    for (const { text, options = {} } of fixable) {
      for (const sample of shapes(text)) {
        it(`${rule.id} ${sample.title}: ${JSON.stringify(text)}`, () => {
          const settings = {
            name: 'Dockerfile',
            only: new Set([rule.id]),
            foldCovered: false,
            rule: options,
          };
          const before = lintSource(new SourceText(sample.text), rules, settings);
          const { source, result, applied } = fixSource(new SourceText(sample.text), rules, settings);
          const fixes = before.findings.filter(({ fix }) => fix !== undefined).length;

          expect(result.file.dockerfile.problems.length).to.be.at.most(
            before.file.dockerfile.problems.length,
          );
          if (fixes > 0) expect(applied).to.be.above(0);
          expect(result.findings.filter(({ fix }) => fix !== undefined)).to.deep.equal([]);
          expect(fixSource(source, rules, settings).source.text).to.equal(source.text);
        });
      }
    }
  }

  it('are many', () => {
    expect(
      rules.filter(({ cases }) => cases.bad.some(({ fixed }) => fixed !== undefined)).length,
    ).to.be.above(20);
  });
});
