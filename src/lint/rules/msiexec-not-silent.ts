import { defineRule } from '../rule.ts';
import { programName } from '../shell/script.ts';
import { rangeOf, runsOf, textOf } from '../shell/scripts.ts';

export default defineRule({
  id: 'PW012',
  name: 'msiexec-not-silent',
  severity: 'error',
  platform: 'windows',
  instructions: ['run'],
  docs: {
    summary: 'msiexec needs /qn or another silent switch',
    why: 'The installer waits for a window that nobody can answer: the build hangs.',
    see: ['moby/moby#30395', 'microsoft/iis-docker#23'],
  },
  cases: {
    good: [
      'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN msiexec /i C:\\tmp\\a.msi /qn /norestart\n',
    ],
    bad: [
      {
        text: 'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN msiexec /i C:\\tmp\\a.msi\n',
        lines: [2],
        fixed:
          'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN msiexec /i C:\\tmp\\a.msi /qn /norestart\n',
      },
    ],
  },
  stage(stage, { report }) {
    for (const script of runsOf(stage)) {
      if (!/msiexec/i.test(script.text.text)) continue;
      const commands = script.commands.filter(
        ({ program }) => script.shell !== 'cmd' || (program !== 'powershell' && program !== 'pwsh'),
      );
      for (const command of commands) {
        const word = command.words.find(
          (candidate) => programName(candidate).replace(/,$/, '') === 'msiexec',
        );
        const text = textOf(script, command);
        if (word === undefined || !/(^|[\s'",])([/-](i|x|a|package|uninstall)\b|\S+\.msi\b)/i.test(text))
          continue;
        if (/[/-](q[nbrf]?|quiet|passive)(?=$|[\s'",+!-])/i.test(text)) continue;
        // Arguments in variables are not known here.
        if (/[$@%]\w*arg|[@$]\w+\s*$/i.test(text)) continue;
        const direct = command.words[0] === word;
        const end = script.text.range(command.end - 1, command.end).end;
        report({
          message: 'msiexec waits for a window without /qn or /quiet',
          range: rangeOf(script, command),
          ...(direct
            ? {
                fix: {
                  title: 'Add /qn /norestart',
                  edits: [{ range: { start: end, end }, text: ' /qn /norestart' }],
                },
              }
            : {}),
        });
      }
    }
  },
});
