import { expect } from 'chai';
import { SourceText } from '../../src/dockerfile/source.ts';
import { fixSource } from '../../src/lint/apply-fixes.ts';
import { parseDay, reaches, resolveRules, severityTable } from '../../src/lint/config.ts';
import { isDockerfileName } from '../../src/lint/find-files.ts';
import { readSource } from '../../src/lint/read-source.ts';
import { rules } from '../../src/lint/rules/index.ts';
import { unifiedDiff } from '../../src/lint/unified-diff.ts';

describe('unifiedDiff', () => {
  for (const [title, before, after, diff] of [
    ['equal texts', 'a\n', 'a\n', ''],
    ['a changed line', 'a\nb\n', 'a\nc\n', '--- a/D\n+++ b/D\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n'],
    [
      'no line end',
      'a',
      'b',
      '--- a/D\n+++ b/D\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n\\ No newline at end of file\n',
    ],
    ['text from nothing', '', 'a\n', '--- a/D\n+++ b/D\n@@ -0,0 +1 @@\n+a\n'],
    [
      'far changes apart',
      'a\n1\n2\n3\n4\n5\n6\n7\n8\nb\n',
      'A\n1\n2\n3\n4\n5\n6\n7\n8\n',
      '--- a/D\n+++ b/D\n@@ -1,4 +1,4 @@\n-a\n+A\n 1\n 2\n 3\n@@ -7,4 +7,3 @@\n 6\n 7\n 8\n-b\n',
    ],
  ] as const) {
    it(title, () => expect(unifiedDiff('D', before, after)).to.equal(diff));
  }
});

describe('fixSource', () => {
  it('corrects until nothing is left to correct, and is idempotent', () => {
    const options = { name: 'Dockerfile' };
    const { source, applied } = fixSource(new SourceText('from scratch AS x\nCOPY a b\n'), rules, options);

    expect(applied).to.be.above(0);
    expect(fixSource(source, rules, options).source.text).to.equal(source.text);
  });
});

describe('fixSource, when one fix would add a problem', () => {
  it('takes the others', () => {
    const text =
      'COPY a C:\\app\\\nCOPY b /\nFROM mcr.microsoft.com/windows/servercore:ltsc2022\nrun ver\nUSER a\n';
    const { source } = fixSource(new SourceText(text), rules, { name: 'Dockerfile' });

    expect(source.text).to.equal(text.replace('run ver', 'RUN ver'));
  });
});

describe('readSource', () => {
  for (const encoding of ['utf-16le', 'utf-16be'] as const) {
    for (const mark of ['\uFEFF', '']) {
      it(`converts ${encoding} ${mark === '' ? 'without' : 'with'} a mark`, () => {
        const bytes = Buffer.from(`${mark}FROM scratch\n`, 'utf16le');
        if (encoding === 'utf-16be') bytes.swap16();
        const { source, wasUtf16 } = readSource(bytes);

        expect(source.text).to.equal('FROM scratch\n');
        expect(wasUtf16).to.equal(true);
      });
    }
  }

  it('refuses other bytes with NULs', () => {
    expect(() => readSource(Buffer.from('\x7fELF\x02\0\0\0'))).to.throw('is a binary file, not a Dockerfile');
  });
});

describe('lint settings', () => {
  it('knows Dockerfiles by name', () => {
    const named = [
      'Dockerfile',
      'dockerfile',
      'Containerfile',
      'Dockerfile.windows',
      'app.Dockerfile',
      'a.dockerfile',
    ];
    expect(named.filter(isDockerfileName)).to.deep.equal(named);
    expect(
      ['Dockerfile.dockerignore', 'Dockerfiles', 'Dockerfile~', 'x'].filter(isDockerfileName),
    ).to.deep.equal([]);
  });

  it('finds rules by id, name and alias, and refuses others', () => {
    expect(resolveRules('bk002', rules)).to.deep.equal(['BK002']);
    expect(resolveRules('FromAsCasing', rules)).to.deep.equal(['BK002']);
    expect(() => resolveRules('XX1', rules)).to.throw('unknown rule "XX1": --list-rules shows all of them');
  });

  it('lets an ignore win over a severity', () => {
    expect([...severityTable({ BK002: 'error' }, ['BK002'], rules)]).to.deep.equal([['BK002', 'off']]);
    expect(() => severityTable({ BK002: 'bad' }, [], rules)).to.throw('unknown severity "bad"');
  });

  it('takes days only', () => {
    expect(parseDay('2026-01-31')).to.equal(Date.UTC(2026, 0, 31));
    for (const bad of ['2026-02-30', '31.1.2026', '']) expect(() => parseDay(bad)).to.throw('invalid date');
  });

  it('compares levels with the threshold', () => {
    expect(reaches('error', 'warning')).to.equal(true);
    expect(reaches('info', 'warning')).to.equal(false);
    expect(reaches('error', 'off')).to.equal(false);
  });
});
