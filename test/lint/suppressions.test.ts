import { expect } from 'chai';
import { SourceText } from '../../src/dockerfile/source.ts';
import { lintSource } from '../../src/lint/lint-file.ts';
import { severityTable } from '../../src/lint/config.ts';
import { rules } from '../../src/lint/rules/index.ts';

const lint = (text: string, codes: readonly string[], off: readonly string[] = []): string[] =>
  lintSource(new SourceText(text), rules, { name: 'Dockerfile', severities: severityTable({}, off, rules) })
    .findings.filter(({ code }) => codes.includes(code))
    .map(({ code, line }) => `${line} ${code}`);

describe('ignore comments', () => {
  for (const [title, text, codes, found] of [
    [
      'take a reason after the names',
      '# hadolint ignore=DL3006 # nobody knows, really\nFROM a\n',
      ['DL3006', 'PH002'],
      [],
    ],
    [
      'cover the next instruction only',
      'FROM a:1\n# hadolint ignore=DL3002,DL3066\nUSER app\nUSER root\n',
      ['DL3002', 'DL3066', 'PH002'],
      ['2 PH002', '4 DL3002'],
    ],
    [
      'cover a stage',
      '# hadolint stage ignore=DL3045\nFROM a:1\nCOPY a b\nFROM b:1\nCOPY a b\n',
      ['DL3045', 'PH002'],
      ['5 DL3045'],
    ],
    [
      'cover the file',
      'FROM a:1\n# porthole global ignore=DL3045\nCOPY a b\nFROM b:1\nCOPY a b\n',
      ['DL3045'],
      [],
    ],
    [
      'silence the rule that says it better too',
      'FROM a:1\n# hadolint ignore=DL3025\nCMD b\n',
      ['DL3025', 'BK007', 'PH002'],
      [],
    ],
    [
      'know which of several codes a finding is',
      'FROM a:1\n# hadolint ignore=DL4004\nCMD ["a"]\nCMD ["b"]\n',
      ['BK012', 'PH002'],
      ['2 PH002', '3 BK012'],
    ],
    [
      'silence from the line that the other linter reports',
      'FROM a:1\nCMD ["a"]\n# hadolint ignore=DL4003\nCMD ["b"]\n',
      ['BK012', 'PH002'],
      [],
    ],
  ] as const) {
    it(title, () => expect(lint(text, codes)).to.deep.equal(found));
  }

  it('leave a line to no other rule that says the same', () => {
    const codes = ['DL3000', 'BK010', 'PW006'];
    const text = 'FROM mcr.microsoft.com/windows/nanoserver:ltsc2022\nWORKDIR app\n';
    expect(lint(text, codes)).to.deep.equal(['2 PW006']);
    expect(lint(text, codes, ['PW006'])).to.deep.equal([]);
    expect(lint(text, codes, ['DL3000'])).to.deep.equal([]);
    expect(lint(text.replace('app', '/app'), codes, ['DL3000'])).to.deep.equal(['2 PW006']);
    expect(lint(`# check=skip=WorkdirRelativePath\n${text}`, codes)).to.deep.equal([]);
  });

  it('say which shell a base image set', () => {
    const step = 'RUN a | b\n';
    expect(lint(`FROM a:1\n# hadolint shell=powershell\n${step}`, ['DL4006'])).to.deep.equal([]);
    expect(lint(`# hadolint shell=pwsh\nFROM a:1\n${step}FROM b:1\n${step}`, ['DL4006'])).to.deep.equal([
      '5 DL4006',
    ]);
  });
});
