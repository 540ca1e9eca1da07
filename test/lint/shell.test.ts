import { expect } from 'chai';
import { readCmd } from '../../src/lint/shell/cmd.ts';
import { readPosix } from '../../src/lint/shell/posix.ts';
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

describe('readPosix', () => {
  for (const [text, commands] of [
    [
      'apt-get update && apt-get install -y "a b" c\\ d',
      ['[apt-get|update]', '&&[apt-get|install|-y|a b|c d]'],
    ],
    ['A=1 B="x y" make || exit 1', ['[make]', '||[exit|1]']],
    ["echo 'it''s; one' | wc -l; b &", ['[echo|its; one]', '|[wc|-l]', ';[b]']],
    ['echo a > /x 2>&1 >>/y <in', ['[echo|a]>/x>/y>in']],
    ['a # rest; b\nc', ['[a]', '\n[c]']],
    ['if [ -f x ]; then rm x; else ! y; fi && z', ['if[[|-f|x|]]', 'then[rm|x]', '![y]', '&&[z]']],
    ['for f in a b c; do echo $f; done | sort', ['do[echo|$f]', '|[sort]']],
    ['for f\ndo a; done', ['do[a]']],
    ['while read x; do a; done < f', ['while[read|x]', 'do[a]', 'done[]>f']],
    ['case "$A" in x|y) a b;; (z) c ;; *) d; esac; e', [')[a|b]', ')[c]', ')[d]', ';[e]']],
    ['case $(arch) in x) y;; esac', ['$([arch]', ')[y]']],
    ['f() { a; }; function g { b; }; f', ['{[a]', '{[b]', ';[f]']],
    ['(cd x && y) && { z; }', ['([cd|x]', '&&[y]', '{[z]']],
    [
      'echo "$(dpkg --print "$(arch)")" `uname -r`',
      ['[echo|$(dpkg --print "$(arch)")|`uname -r`]', '$([dpkg|--print|$(arch)]', '$([arch]', '$([uname|-r]'],
    ],
    ['diff <(a b) <(c)', ['[diff|<(a b)|<(c)]', '$([a|b]', '$([c]']],
    ['[[ $a == "x" && ( b > c ) ]] && d', ['[[[|$a|==|x|b|c|]]]', '&&[d]']],
    ['(( i < 3 )) && x; y=$((1 + (2)))', ['&&[x]', ';[]']],
    ['a=(x y "z") b', ['[b]']],
    ['cat <<EOF > /f\n$(a) ; "\nEOF\nnext', ['[cat]>/f', '\n[next]']],
    ['cat <<-"E" | x\n\tq\n\tE\ny', ['[cat]', '|[x]', '\n[y]']],
    ['a \\\n  b', ['[a|b]']],
    ["echo $'a\\'b' ${x:-it's}", ["[echo|a'b|${x:-it's}]"]],
    ['x <<<"a b" y', ['[x|y]>a b']],
    ["'open", ['[open]']],
    ['a "$(open', ['[a|$(open]', '$([open]']],
    ['', []],
  ] as const) {
    it(JSON.stringify(text), () => expect(shape(readPosix(text))).to.deep.equal(commands));
  }

  it('takes any nesting in bounded time', () => {
    for (const text of ['$(', '"$(', '`', '${', '((', 'case x in ', 'a() {', '<(', "$'"]) {
      expect(readPosix(text.repeat(20000)).commands.length).to.be.below(200000);
    }
  });
});
