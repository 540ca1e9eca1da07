import { defineRule } from '../rule.ts';
import { namedCalls, rangeIn } from '../shell/steps.ts';

const changers = ['cd', 'chdir', 'sl', 'set-location'];

export default defineRule({
  id: 'DL3003',
  name: 'cd-instead-of-workdir',
  severity: 'warning',
  platform: 'any',
  instructions: ['run'],
  docs: {
    summary: 'Use WORKDIR to change the folder',
    why: 'cd lasts for one step only; what reads like "from here on" is forgotten at the next RUN.',
    windows: 'Also cd and chdir of cmd, and Set-Location.',
  },
  cases: {
    good: [
      'FROM debian:12\nWORKDIR /opt\nRUN make\n',
      'FROM debian:12\nRUN "$(cd /opt && pwd)/x"\n',
      'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN cd\n',
    ],
    bad: [
      { text: 'FROM debian:12\nRUN cd /opt && make\n', lines: [2] },
      {
        text: 'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN cd C:\\src && build.cmd\n',
        lines: [2],
      },
      {
        text: 'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nSHELL ["powershell", "-Command"]\nRUN Set-Location C:/src; ./build.ps1\n',
        lines: [3],
      },
    ],
  },
  stage(stage, { file, report }) {
    for (const { program, args, command, step } of namedCalls(stage, file, ...changers)) {
      if (step.onbuild || command.before === '$(' || args.length === 0) continue;
      const changes =
        step.shell === 'cmd'
          ? /^(cd|chdir)$/
          : /^p(ower)?(shell|wsh)$/.test(step.shell)
            ? /^(cd|chdir|sl|set-location)$/
            : /^cd$/;
      if (!changes.test(program)) continue;
      report({
        message: 'set the folder with WORKDIR: it lasts for all later steps',
        range: rangeIn(step, command),
      });
    }
  },
});
