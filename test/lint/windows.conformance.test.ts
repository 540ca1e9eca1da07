import { expect } from 'chai';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SourceText } from '../../src/dockerfile/source.ts';
import { lintSource } from '../../src/lint/lint-file.ts';
import { readSource } from '../../src/lint/read-source.ts';
import { rules } from '../../src/lint/rules/index.ts';

interface Case {
  id: string;
  severity: string;
  title: string;
  bad: string;
  bad_lines: number[];
  good: string;
}

const path = join(import.meta.dirname, '../../../shared/conformance/dockerfile/lint/windows-rules.json');
const missing = !existsSync(path);

describe(`Windows rules${missing ? ' (skipped: no conformance data beside the checkout)' : ''}`, () => {
  if (missing) {
    it.skip('agree with the recorded cases: no conformance data beside the checkout');
    return;
  }
  const { cases } = JSON.parse(readFileSync(path, 'utf8')) as { cases: Case[] };
  for (const { id, severity, title, bad, bad_lines, good } of cases) {
    const rule = rules.find((candidate) => candidate.id === id);
    const lines = (text: string, utf16: boolean): number[] => {
      // The data describes the one file that is not UTF-8 in words.
      const plain = 'FROM mcr.microsoft.com/windows/nanoserver:ltsc2022\n';
      const read = utf16
        ? readSource(Buffer.from(`\uFEFF${plain}`, 'utf16le'))
        : { source: new SourceText(id === 'PW040' ? plain : text), wasUtf16: false };
      const { findings } = lintSource(read.source, rules, {
        name: 'Dockerfile',
        only: new Set([id]),
        wasUtf16: read.wasUtf16,
        rule: { asOf: Date.UTC(2026, 7, 1) },
      });
      return findings.filter(({ code }) => code === id).map(({ line }) => line);
    };

    it(`${id} ${title}`, () => {
      expect(rule?.severity).to.equal(severity);
      expect(lines(bad, id === 'PW040')).to.deep.equal(bad_lines);
      expect(lines(good, false)).to.deep.equal([]);
    });
  }
});
