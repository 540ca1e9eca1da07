import { expect } from 'chai';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { SourceText } from '../../src/dockerfile/source.ts';
import { lintSource } from '../../src/lint/lint-file.ts';
import { Analysis } from '../../src/lsp/analysis.ts';
import { completionAt } from '../../src/lsp/completion.ts';
import { hoverAt } from '../../src/lsp/hover.ts';
import { formatText, type FormatOptions } from '../../src/lsp/format.ts';
import { JoinReader } from '../../src/lsp/shell-joins.ts';
import { checkFormat, lintable } from '../support/lint-properties.ts';

const format = (text: string, options: Partial<FormatOptions> = {}): string => {
  const { file } = lintSource(new SourceText(text), [], { name: 'Dockerfile' });
  return formatText(file, { tabSize: 4, insertSpaces: true, ...options });
};

const windows = '# escape=`\nFROM mcr.microsoft.com/windows/servercore:ltsc2022\n';
const powershell = `${windows}SHELL ["powershell", "-Command"]\n`;

describe('formatting', () => {
  for (const [title, before, after] of [
    ['keywords', 'from a as b\nonbuild run x\n', 'FROM a AS b\nONBUILD RUN x\n'],
    ['blanks after keywords', 'FROM \t a\nENV   A=b\n', 'FROM a\nENV A=b\n'],
    ['blanks before keywords', '  FROM a\n\tRUN x\n', 'FROM a\nRUN x\n'],
    ['blanks at line ends', 'FROM a  \n \t\nRUN x \\ \t\n  y\t\n', 'FROM a\n\nRUN x \\\n    y\n'],
    ['line ends as they are', 'FROM a \r\nrun x\r\nUSER b \n', 'FROM a\r\nRUN x\r\nUSER b\n'],
    ['a final line end', 'FROM a\r\nUSER b', 'FROM a\r\nUSER b\r\n'],
    [
      'comments',
      'FROM a\n  # note  \nRUN x \\\n# in\n  y\n',
      'FROM a\n# note\nRUN x \\\n    # in\n      y\n',
    ],
    ['the words of COPY', 'FROM a\nCOPY a \\\n b \\\n\tc/\n', 'FROM a\nCOPY a \\\n    b \\\n       c/\n'],
    ['JSON over lines', 'FROM a\nCMD [ \\\n"a", \\\n"b" ]\n', 'FROM a\nCMD [ \\\n    "a", \\\n    "b" ]\n'],
    ['a byte-order mark', '\uFEFFfrom a\n', '\uFEFFFROM a\n'],
    ['sh', 'FROM a\nRUN set -x \\\n && a \\\n   && b\n', 'FROM a\nRUN set -x \\\n    && a \\\n      && b\n'],
    [
      'PowerShell',
      `${powershell}RUN a; \`\n  if (x) { \`\n    b; \`\n  }\n`,
      `${powershell}RUN a; \`\n    if (x) { \`\n      b; \`\n    }\n`,
    ],
    ['cmd behind an operator', `${windows}RUN a && \`\n b\n`, `${windows}RUN a && \`\n    b\n`],
  ] as const) {
    it(`puts in order ${title}`, () => {
      expect(format(before)).to.equal(after);
      expect(format(after)).to.equal(after);
    });
  }

  for (const [title, text] of [
    ['here-documents', 'FROM a\nRUN <<EOF\n  a  \nEOF\n'],
    ['quoted text over lines', 'FROM a\nENV A="x \\\n y"\n'],
    ['quoted text of sh', 'FROM a\nRUN echo "x \\\n y"\n'],
    ['quoted text of PowerShell', `${powershell}RUN echo 'x \`\n y'\n`],
    ["arguments of cmd's echo", `${windows}RUN echo x \`\n  y> f\n`],
    ['two halves of a word', 'FROM a\nENV A=x\\\ny\n'],
    ['texts of unknown shells', 'FROM a\nSHELL ["x"]\nRUN a \\\n b\n'],
    ['directives and what could be one', '#  escape = `  \n  # note\nFROM a\n'],
    ['unknown instructions', 'FROM a\nnope  x\n'],
    ['broken instructions', 'FROM a\nenv x\n'],
    ['the blanks of ENV without =', 'FROM a\nENV A  b   c\n'],
    ['an empty file', ''],
    ['blank lines of an empty file', '\n\n'],
  ] as const) {
    it(`leaves ${title} alone`, () => expect(format(text)).to.equal(text));
  }

  it('goes by the editor', () => {
    expect(format('FROM a\nRUN x \\\n y\n', { tabSize: 2 })).to.equal('FROM a\nRUN x \\\n  y\n');
    expect(format('FROM a\nRUN x \\\n y\n', { insertSpaces: false })).to.equal('FROM a\nRUN x \\\n\ty\n');
    expect(format('FROM a', { insertFinalNewline: false })).to.equal('FROM a');
    expect(format('FROM a\n\n \n', { trimFinalNewlines: true })).to.equal('FROM a\n');
  });

  for (const [title, text] of [
    ['blanks', `FROM a\nRUN x${' '.repeat(300_000)}y\n`],
    ['blank lines', `FROM a\n${'\n'.repeat(300_000)}USER b\n`],
    ['continuation lines', `FROM a\nRUN x${' \\\n  && x'.repeat(50_000)}\n`],
    ['returns', `FROM a\nUSER b${'\r'.repeat(300_000)}c\n`],
    ['comments', `FROM a\n# ${'words and words '.repeat(20_000)}1\n`],
    ['flags', `FROM a\nCOPY ${'--link '.repeat(50_000)}a b\n`],
    ['quotes', `FROM a\nENV a=${`"'`.repeat(100_000)}\n`],
    ['rules to ignore', `FROM a\n# porthole ignore=${'a , '.repeat(50_000)}!\nRUN x\n`],
  ] as const) {
    it(`and answers take ${title} of great length`, () => {
      format(text);
      const document = TextDocument.create('file:///Dockerfile', 'dockerfile', 1, text);
      const analysis = new Analysis(document, [], { name: 'Dockerfile' });
      for (const offset of [text.length - 1, text.length >> 1, text.length - 3]) {
        completionAt(analysis, offset);
        hoverAt(analysis, offset);
      }
    });
  }

  it('keeps the meaning of the fixtures, and is the same a second time', () => {
    const folder = join(import.meta.dirname, '../../fixtures/dockerfiles');
    for (const name of readdirSync(folder)) {
      const source = lintable(readFileSync(join(folder, name, 'Dockerfile')));
      if (source !== undefined) checkFormat(source);
    }
  });
});

describe('JoinReader', () => {
  for (const [shell, before, free] of [
    ['sh', 'a && ', true],
    ['sh', 'echo "a ', false],
    ['sh', "echo 'a ", false],
    ['sh', 'echo "a" ', true],
    ['sh', String.raw`echo \" `, true],
    ['sh', 'cat <<EOF ', false],
    ['sh', String.raw`a\ `.trimEnd(), false],
    ['powershell', "Write-Host 'a", false],
    ['powershell', "Write-Host 'it''s' ", true],
    ['powershell', 'icacls --% a ', false],
    ['powershell', "@'", false],
    ['cmd', 'echo a ', false],
    ['cmd', 'a && ', true],
    ['cmd', 'a ^& ', false],
    ['cmd', 'echo "a && ', false],
    ['cmd', 'a & & b ', false],
    ['sh', 'a # it is "', true],
    ['sh', 'a#"', false],
    ['other', 'a && ', false],
  ] as const) {
    it(`${shell}: ${before}`, () => {
      const reader = new JoinReader(shell);
      reader.read(before);
      expect(reader.isFree()).to.equal(free);
    });
  }
});
