import { defineRule } from '../rule.ts';
import { rangeOf, scriptsOf } from '../shell/scripts.ts';

export default defineRule({
  id: 'PW052',
  name: 'here-string-in-one-line',
  severity: 'error',
  platform: 'windows',
  instructions: ['run', 'cmd', 'entrypoint'],
  docs: {
    summary: 'A here-string needs lines, and continued lines are one',
    why: "The builder joins continued lines before PowerShell sees them, so the text stands on the line of @' itself: No characters are allowed after a here-string header.",
    windows:
      'Write the file with COPY and a here-document (COPY <<EOF C:/a.txt), or join the lines with -join and [char]10.',
    see: [
      'https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_quoting_rules',
    ],
  },
  cases: {
    good: [
      "FROM mcr.microsoft.com/windows/servercore:ltsc2022\nSHELL [\"powershell\", \"-Command\", \"$ErrorActionPreference = 'Stop';\"]\nRUN ('one', 'two') -join [char]10 | Set-Content C:/a.txt; $a = @('x')\n",
    ],
    bad: [
      {
        text: '# escape=`\nFROM mcr.microsoft.com/windows/servercore:ltsc2022\nSHELL ["powershell", "-Command", "$ErrorActionPreference = \'Stop\';"]\nRUN $text = @\' `\none `\n\'@; Set-Content C:/a.txt $text\n',
        lines: [4],
      },
    ],
  },
  stage(stage, { report }) {
    for (const script of scriptsOf(stage)) {
      if (script.shell === 'cmd' || !/@['"]/.test(script.text.text)) continue;
      const words = script.commands.flatMap((command) => command.words);
      const header = words.find(({ text }) => /(?:^|=)@['"](?!\s*\r?\n)/.test(text));
      if (header === undefined) continue;
      report({
        message: 'continued lines are joined, so this here-string has no lines: use COPY <<EOF or -join',
        range: rangeOf(script, { start: header.start, end: header.start + header.text.indexOf('@') + 2 }),
      });
    }
  },
});
