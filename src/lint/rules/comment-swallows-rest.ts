import { defineRule } from '../rule.ts';
import { lineOf, rangeOf, scriptsOf, type Script } from '../shell/scripts.ts';

export default defineRule({
  id: 'PW054',
  name: 'comment-swallows-rest',
  severity: 'error',
  platform: 'windows',
  instructions: ['run', 'cmd', 'entrypoint'],
  docs: {
    summary: 'A comment behind a command reaches to the end of the instruction',
    why: 'The builder joins continued lines into one, so PowerShell takes everything behind # for the comment, and cmd everything behind rem: the lines below are not run, and nothing tells.',
    windows: 'A comment on a line of its own is taken out by the builder and does no harm.',
    see: ['https://docs.docker.com/reference/dockerfile/#format'],
  },
  cases: {
    good: [
      '# escape=`\nFROM mcr.microsoft.com/windows/servercore:ltsc2022\nSHELL ["powershell", "-Command", "$ErrorActionPreference = \'Stop\';"]\nRUN New-Item a; `\n    # the second one\n    New-Item b # at the end\n',
      '# escape=`\nFROM mcr.microsoft.com/windows/servercore:ltsc2022\nSHELL ["powershell", "-Command", "$ErrorActionPreference = \'Stop\';"]\nRUN Write-Host \'a # b\'; <# c #> `\n    Write-Host x#y\n',
    ],
    bad: [
      {
        text: '# escape=`\nFROM mcr.microsoft.com/windows/servercore:ltsc2022\nSHELL ["powershell", "-Command", "$ErrorActionPreference = \'Stop\';"]\nRUN New-Item a; # the first one `\n    New-Item b\n',
        lines: [4],
      },
      {
        text: '# escape=`\nFROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN mkdir C:\\a && rem the second one && `\n    mkdir C:\\b\n',
        lines: [3],
      },
    ],
  },
  stage(stage, { file, report }) {
    for (const script of scriptsOf(stage)) {
      const text = script.text.text;
      const last = text.trimEnd().length - 1;
      const start = script.shell === 'cmd' ? remark(script) : trailingComment(script);
      if (start === undefined || lineOf(script, start, file) === lineOf(script, last, file)) continue;
      report({
        message: 'continued lines are joined: everything below belongs to this comment',
        range: rangeOf(script, { start, end: last + 1 }),
      });
    }
  },
});

/** Where the comment begins that ends a PowerShell text: behind the last command and the last operator. */
function trailingComment({ text: { text }, commands, operators }: Script): number | undefined {
  const lastOperator = operators.at(-1);
  const behind = Math.max(
    commands.at(-1)?.end ?? 0,
    lastOperator === undefined ? 0 : lastOperator.start + lastOperator.text.length,
  );
  if (text.includes('\n', behind)) return undefined;
  let at = behind;
  for (;;) {
    while (/\s/.test(text[at] ?? '')) at++;
    if (text[at] === '#') return at;
    if (!text.startsWith('<#', at)) return undefined;
    const end = text.indexOf('#>', at + 2);
    if (end < 0) return undefined;
    at = end + 2;
  }
}

/** `rem` with a text: alone it ends where its command does. */
function remark({ commands }: Script): number | undefined {
  return commands.find(({ program, words }) => program === 'rem' && words.length > 1)?.start;
}
