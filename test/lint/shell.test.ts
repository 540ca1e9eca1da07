import { expect } from 'chai';
import { readCmd } from '../../src/lint/shell/cmd.ts';
import { readPowershell } from '../../src/lint/shell/powershell.ts';
import type { ShellText } from '../../src/lint/shell/script.ts';

const shape = ({ commands }: ShellText): string[] =>
  commands.map(
    ({ before, words, redirects }) =>
      `${before}[${words.map(({ value }) => value).join('|')}]${redirects.map(({ value }) => `>${value}`).join('')}`,
  );

describe('readCmd', () => {
  for (const [text, commands] of [
    ['mkdir C:\\a && cd C:\\a', ['[mkdir|C:\\a]', '&&[cd|C:\\a]']],
    ['echo "a && b" | more', ['[echo|a && b]', '|[more]']],
    ['echo a ^& b', ['[echo|a|&|b]']],
    ['echo x > C:\\a.txt 2>&1', ['[echo|x]>C:\\a.txt']],
    ['if exist a (del a) else (echo b)', ['[if|exist|a|(del|a)|else|(echo|b)]']],
    ['(a & b)', ['([a]', '&[b]']],
    ['', []],
  ] as const) {
    it(JSON.stringify(text), () => expect(shape(readCmd(text))).to.deep.equal(commands));
  }
});

describe('readPowershell', () => {
  for (const [text, commands] of [
    ["Write-Host 'it''s; one'; b", ["[Write-Host|it's; one]", ';[b]']],
    ['a | b && c', ['[a]', '|[b]', '&&[c]']],
    ['Write-Host "a `"q`" ; b"', ['[Write-Host|a "q" ; b]']],
    ['& C:\\x.exe a # rest; b', ['[C:\\x.exe|a]']],
    ['if ($x) { a } <# b; #> c', ['[if]', '([$x]', '{[a]', '}[c]']],
    ["a @'\nx; 'y'\n'@; b", ["[a|x; 'y']", ';[b]']],
    ['echo ${a b} > f.txt', ['[echo|${a b}]>f.txt']],
    ["'open", ['[open]']],
  ] as const) {
    it(JSON.stringify(text), () => expect(shape(readPowershell(text))).to.deep.equal(commands));
  }
});
