import { namesIn } from '../names.ts';
import { defineRule } from '../rule.ts';
import { rangeOf, runsOf, textOf } from '../shell/scripts.ts';
import { runsAsUser } from '../windows-stage.ts';

export default defineRule({
  id: 'PW018',
  name: 'machine-change-as-user',
  severity: 'warning',
  platform: 'windows',
  instructions: ['run'],
  docs: {
    summary: 'Changes of the machine need USER ContainerAdministrator',
    why: 'Nano Server images run as ContainerUser since 1709: the command ends with "Access is denied".',
    see: [
      'PowerShell/PowerShell#6429',
      'PowerShell/PowerShell-Docker#164',
      'MicrosoftDocs/Virtualization-Documentation#626',
    ],
  },
  cases: {
    good: [
      'FROM mcr.microsoft.com/windows/nanoserver:ltsc2022\nUSER ContainerAdministrator\nRUN setx /M PATH "%PATH%;C:\\tools"\nUSER ContainerUser\n',
    ],
    bad: [
      {
        text: 'FROM mcr.microsoft.com/windows/nanoserver:ltsc2022\nRUN setx /M PATH "%PATH%;C:\\tools"\n',
        lines: [2],
      },
    ],
  },
  stage(stage, { report }) {
    for (const script of runsOf(stage)) {
      if (!runsAsUser(stage, script.context)) continue;
      for (const command of script.commands) {
        if (!changers.has(command.program) || !machine.test(textOf(script, command))) continue;
        report({
          message: `${command.words[0]!.value} needs an administrator: put USER ContainerAdministrator before it`,
          range: rangeOf(script, command),
        });
      }
    }
  },
});

const changers = namesIn('setx reg net net1 icacls');

const machine =
  /^(setx(\.exe)?\s.*[/-]m(\s|$)|reg(\.exe)?\s+(add|delete|import)\s+"?(HKLM|HKEY_LOCAL_MACHINE)|net1?(\.exe)?\s+(user|localgroup)\s+\S|icacls(\.exe)?\s+"?c:[\\/]?"?(\s|$))/is;
