import { defineRule } from '../rule.ts';
import { instructionsOf } from '../stage-instructions.ts';
import { readCmd } from '../shell/cmd.ts';
import { readPowershell } from '../shell/powershell.ts';
import { programName } from '../shell/script.ts';
import { isPlainNanoserver } from '../windows-stage.ts';

export default defineRule({
  id: 'PW035',
  name: 'healthcheck-program-missing',
  severity: 'warning',
  platform: 'windows',
  instructions: ['healthcheck'],
  docs: {
    summary: 'HEALTHCHECK needs a program that the image has',
    why: 'The check always fails: the container never becomes healthy.',
    see: ['sixeyed/dockerfiles-windows (HEALTHCHECK samples)'],
  },
  cases: {
    good: [
      'FROM mcr.microsoft.com/windows/nanoserver:ltsc2022\nHEALTHCHECK CMD curl.exe -f http://localhost/ || exit 1\n',
    ],
    bad: [
      {
        text: 'FROM mcr.microsoft.com/windows/nanoserver:ltsc2022\nHEALTHCHECK CMD wget -q http://localhost/ || exit 1\n',
        lines: [2],
      },
    ],
  },
  stage(stage, { report }) {
    for (const { instruction, shell } of instructionsOf(stage, 'healthcheck')) {
      if (instruction.test[0] === 'NONE') continue;
      const exec = instruction.test[0] === 'CMD';
      const powershell = !exec && /^(powershell|pwsh)$/.test(shell.kind);
      const text = exec ? `"${instruction.test[1] ?? ''}"` : (instruction.test[1] ?? '');
      const { commands } = powershell ? readPowershell(text) : readCmd(text);
      const wrong = commands
        .map(({ words }) => words[0])
        .find((word) => {
          const name = programName(word);
          if (/^(wget|bash|sh)$/.test(name)) return true;
          if (name === 'curl')
            return powershell && shell.kind === 'powershell' && !/\.exe$/i.test(word?.value ?? '');
          return name === 'powershell' && isPlainNanoserver(stage.root);
        });
      if (wrong === undefined) continue;
      report({
        message:
          programName(wrong) === 'curl'
            ? 'curl is Invoke-WebRequest in Windows PowerShell: write curl.exe'
            : `"${wrong.value}" is not in the image`,
        range: instruction.node.rest.range(),
      });
    }
  },
});
