import { defineRule } from '../rule.ts';
import { programName } from '../shell/script.ts';
import { rangeOf, scriptsOf } from '../shell/scripts.ts';
import { isPlainNanoserver, rootBase } from '../windows-stage.ts';

export default defineRule({
  id: 'PW025',
  name: 'powershell-in-nanoserver',
  severity: 'error',
  platform: 'windows',
  docs: {
    summary: 'Nano Server has no PowerShell',
    why: 'Windows PowerShell left Nano Server with 1709: "The system cannot find the file specified".',
    see: ['PowerShell/PowerShell#6211'],
  },
  cases: {
    good: [
      'FROM mcr.microsoft.com/windows/nanoserver:sac2016\nSHELL ["powershell", "-Command"]\n',
      'FROM mcr.microsoft.com/powershell:lts-nanoserver-ltsc2022\nSHELL ["pwsh", "-Command"]\nRUN Get-Date\n',
    ],
    bad: [
      {
        text: 'FROM mcr.microsoft.com/windows/nanoserver:ltsc2022\nSHELL ["powershell", "-Command"]\nRUN Get-Date\n',
        lines: [2],
      },
    ],
  },
  stage(stage, { file, report }) {
    if (!isPlainNanoserver(rootBase(stage, file))) return;
    const copied = stage.instructions.findIndex(
      ({ instruction }) => instruction.kind === 'copy' || instruction.kind === 'add',
    );
    const absent = (name: string, at: number): boolean =>
      name === 'powershell' || (name === 'pwsh' && (copied < 0 || at < copied));
    stage.instructions.forEach(({ instruction }, at) => {
      const words =
        instruction.kind === 'shell'
          ? instruction.shell
          : instruction.kind === 'run' || instruction.kind === 'cmd' || instruction.kind === 'entrypoint'
            ? instruction.command.exec
              ? instruction.command.args
              : []
            : [];
      const word = words[0];
      if (word === undefined) return;
      const name = programName({ text: word.text, value: word.text, start: 0, end: 0 });
      if (absent(name, at)) report({ message: `Nano Server has no ${name}`, range: word.range() });
    });
    for (const script of scriptsOf(stage)) {
      if (script.shell !== 'cmd') continue;
      const at = stage.instructions.indexOf(script.context);
      for (const { program, words } of script.commands) {
        if (absent(program, at))
          report({ message: `Nano Server has no ${program}`, range: rangeOf(script, words[0]!) });
      }
    }
  },
});
