import { namesIn } from '../names.ts';
import { defineRule } from '../rule.ts';
import { rangeOf, runsOf, textOf } from '../shell/scripts.ts';

export default defineRule({
  id: 'PW013',
  name: 'installer-not-awaited',
  severity: 'error',
  platform: 'windows',
  instructions: ['run'],
  docs: {
    summary: 'Wait for programs that a step starts',
    why: 'The step ends while the program still runs: the layer is committed half installed.',
    see: ['moby/moby#30395', 'docker/docs#4668'],
  },
  cases: {
    good: [
      "FROM mcr.microsoft.com/windows/servercore:ltsc2022\nSHELL [\"powershell\", \"-Command\", \"$ErrorActionPreference = 'Stop';\"]\nRUN Start-Process msiexec.exe -Wait -ArgumentList '/i', 'C:\\a.msi', '/qn'\n",
    ],
    bad: [
      {
        text: "FROM mcr.microsoft.com/windows/servercore:ltsc2022\nSHELL [\"powershell\", \"-Command\", \"$ErrorActionPreference = 'Stop';\"]\nRUN Start-Process msiexec.exe -ArgumentList '/i', 'C:\\a.msi', '/qn'\n",
        lines: [3],
      },
    ],
  },
  stage(stage, { report }) {
    for (const script of runsOf(stage)) {
      let waits: boolean | undefined;
      const isAwaited = (): boolean => (waits ??= /Wait-Process|WaitForExit/i.test(script.text.text));
      script.commands.forEach((command, at) => {
        const { program } = command;
        if (script.shell === 'cmd' ? program !== 'start' : !starters.has(program)) return;
        const text = textOf(script, command);
        const range = rangeOf(script, command);
        if (script.shell === 'cmd') {
          if (/\s\/w(ait)?\b/i.test(text)) return;
          report({ message: 'start does not wait for the program: add /wait', range });
          return;
        }
        if (program !== 'msiexec') {
          if (/\s-W(a(it?)?)?\b/i.test(text) || isAwaited()) return;
          const { end } = rangeOf(script, command.words[0]!);
          report({
            message: 'Start-Process does not wait for the program: add -Wait',
            range,
            fix: { title: 'Add -Wait', edits: [{ range: { start: end, end }, text: ' -Wait' }] },
          });
        } else if (script.commands[at + 1]?.before !== '|' && !isAwaited()) {
          report({ message: 'PowerShell does not wait for msiexec: use Start-Process -Wait', range });
        }
      });
    }
  },
});

const starters = namesIn('start-process saps msiexec');
