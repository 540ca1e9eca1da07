import { expect } from 'chai';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { SourceText } from '../../src/dockerfile/source.ts';
import { lintSource } from '../../src/lint/lint-file.ts';
import type { RuleOptions, TextEdit } from '../../src/lint/rule.ts';
import { rules } from '../../src/lint/rules/index.ts';

const folder = join(import.meta.dirname, '../../src/lint/rules');

function applyAll(text: string, edits: readonly TextEdit[]): string {
  return edits
    .toSorted((a, b) => b.range.start - a.range.start)
    .reduce(
      (done, { range, text: insert }) => done.slice(0, range.start) + insert + done.slice(range.end),
      text,
    );
}

describe('lint rules', () => {
  it('lists exactly the rules of the folder', () => {
    const files = readdirSync(folder).filter((name) => name !== 'index.ts' && name.endsWith('.ts'));

    expect(rules).to.have.lengthOf(files.length);
  });

  it('gives every rule an id and names of its own', () => {
    const ids = rules.flatMap((rule) => [rule.id, rule.name]);

    expect(new Set(ids).size).to.equal(ids.length);
  });

  for (const rule of rules) {
    describe(`${rule.id} ${rule.name}`, () => {
      const lint = (text: string, options: Partial<RuleOptions> = {}, utf16 = false) =>
        lintSource(new SourceText(text), [rule], {
          name: 'Dockerfile',
          only: new Set([rule.id]),
          foldCovered: false,
          rule: options,
          wasUtf16: utf16,
        }).findings.filter((finding) => finding.code === rule.id);

      it('has documentation and cases of both kinds', () => {
        expect(rule.docs.summary).to.match(/\S/);
        expect(rule.docs.why).to.match(/\S/);
        expect(rule.cases.good).to.not.be.empty;
        expect(rule.cases.bad).to.not.be.empty;
      });

      for (const good of rule.cases.good) {
        const { text, options } = typeof good === 'string' ? { text: good, options: undefined } : good;
        it(`is silent on ${JSON.stringify(text)}`, () => {
          expect(lint(text, options).map((finding) => `${finding.line}: ${finding.message}`)).to.deep.equal(
            [],
          );
        });
      }

      for (const { text, lines, fixed, options, utf16 } of rule.cases.bad) {
        it(`reports ${JSON.stringify(text)}`, () => {
          expect(lint(text, options, utf16).map((finding) => finding.line)).to.deep.equal(lines);
        });
        if (fixed === undefined) continue;
        it(`fixes ${JSON.stringify(text)}`, () => {
          const after = applyAll(
            text,
            lint(text, options).flatMap((finding) => finding.fix?.edits ?? []),
          );

          expect(after).to.equal(fixed);
          expect(lint(after, options)).to.deep.equal([]);
        });
      }
    });
  }
});
