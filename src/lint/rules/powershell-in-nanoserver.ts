import type { StageInstruction } from '../../dockerfile/instructions.ts';
import { defineRule } from '../rule.ts';
import { programName } from '../shell/script.ts';
import { rangeOf, scriptsOf } from '../shell/scripts.ts';
import { isPlainNanoserver } from '../windows-stage.ts';

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
  stage(stage, { report }) {
    if (!isPlainNanoserver(stage.root)) return;
    const copied = stage.instructions.find(
      ({ instruction }) => instruction.kind === 'copy' || instruction.kind === 'add',
    );
    const firstCopy = copied?.instruction.node.range.start ?? Infinity;
    const absent = (name: string, { node }: StageInstruction): boolean =>
      name === 'powershell' || (name === 'pwsh' && node.range.start < firstCopy);
    for (const { instruction } of stage.instructions) {
      const words =
        instruction.kind === 'shell'
          ? instruction.shell
          : instruction.kind === 'run' || instruction.kind === 'cmd' || instruction.kind === 'entrypoint'
            ? instruction.command.exec
              ? instruction.command.args
              : []
            : [];
      const word = words[0];
      if (word === undefined) continue;
      const name = programName({ text: word.text, value: word.text, start: 0, end: 0 });
      if (absent(name, instruction)) report({ message: `Nano Server has no ${name}`, range: word.range() });
    }
    for (const script of scriptsOf(stage)) {
      if (script.shell !== 'cmd') continue;
      for (const { program, words } of script.commands) {
        if (absent(program, script.context.instruction))
          report({ message: `Nano Server has no ${program}`, range: rangeOf(script, words[0]!) });
      }
    }
  },
});
