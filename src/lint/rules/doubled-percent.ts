import { defineRule } from '../rule.ts';
import { scriptsOf } from '../shell/scripts.ts';

export default defineRule({
  id: 'PW056',
  name: 'doubled-percent',
  severity: 'error',
  platform: 'windows',
  instructions: ['run', 'cmd', 'entrypoint'],
  docs: {
    summary: 'Variables of for have one % outside batch files',
    why: 'cmd runs the line as if it were typed: %%i was unexpected at this time.',
    see: ['https://learn.microsoft.com/windows-server/administration/windows-commands/for'],
  },
  cases: {
    good: [
      'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN for %i in (*.txt) do @echo %i\n',
      'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN echo for %%i in (*.txt) do @echo %%i > a.cmd\n',
    ],
    bad: [
      {
        text: 'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN for /r %%i in (*.txt) do @echo %%~ni\n',
        lines: [2],
        fixed: 'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN for /r %i in (*.txt) do @echo %~ni\n',
      },
    ],
  },
  stage(stage, { report }) {
    for (const script of scriptsOf(stage)) {
      if (script.shell !== 'cmd') continue;
      const { text } = script.text;
      const found = /(?:^|[&|(]\s*)for\s+(?:\/\w\s+(?:"[^"]*"\s+)?)*(%%(\w))/i.exec(text);
      if (found === null) continue;
      const [whole, doubled, name] = found as unknown as [string, string, string];
      const start = found.index + whole.length - doubled.length;
      const uses = [...text.matchAll(new RegExp(`%%(?:~[A-Za-z$:]*)?${name}`, 'g'))].filter(
        ({ index }) => index >= start,
      );
      report({
        message: `a variable of for has one % here: write %${name}`,
        range: script.text.range(start, start + doubled.length),
        fix: {
          title: `Write %${name}`,
          edits: uses.map(({ index }) => ({ range: script.text.range(index, index + 1), text: '' })),
        },
      });
    }
  },
});
