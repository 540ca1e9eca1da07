import { expect } from 'chai';
import { SourceText } from '../../src/dockerfile/source.ts';
import { lintSource, lintSources, type LintInput } from '../../src/lint/lint-file.ts';
import { severityTable } from '../../src/lint/config.ts';
import { rules } from '../../src/lint/rules/index.ts';

describe('files linted together', () => {
  const texts = rules.flatMap(({ cases }) => [
    ...(cases?.good ?? []).map((good) => (typeof good === 'string' ? good : good.text)),
    ...(cases?.bad ?? []).map(({ text }) => text),
  ]);
  const settings: readonly Omit<LintInput['options'], 'name'>[] = [
    {},
    { targetOs: 'linux' },
    { severities: severityTable({ DL3006: 'error' }, ['PW001'], rules) },
    { only: new Set(['DL3007', 'BK011', 'PW027']) },
    { obeyComments: false, rule: { trustedRegistries: ['example.com'] } },
  ];

  function inputs(withComments: boolean): LintInput[] {
    return texts.map((text, index) => ({
      source: new SourceText(
        withComments && index % 7 === 0 ? `# check=experimental=all;skip=JSONArgsRecommended\n${text}` : text,
      ),
      options: { ...settings[index % settings.length], name: `file-${index}` },
    }));
  }

  for (const withComments of [false, true])
    it(`give what each gives alone, settings ${withComments ? 'and comments of files ' : ''}mixed`, () => {
      const all = inputs(withComments);
      expect(all.length).to.be.greaterThan(200);
      const alone = all.map(({ source, options }) => lintSource(source, rules, options).findings);
      expect(alone.some((findings) => findings.length > 0)).to.equal(true);
      for (const size of [1, 16, all.length])
        for (let at = 0; at < all.length; at += size)
          expect(lintSources(all.slice(at, at + size), rules).map(({ findings }) => findings)).to.deep.equal(
            alone.slice(at, at + size),
          );
    });

  it('may be none', () => {
    expect(lintSources([], rules)).to.deep.equal([]);
  });
});
