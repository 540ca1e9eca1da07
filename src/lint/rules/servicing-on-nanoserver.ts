import { namesIn } from '../names.ts';
import { defineRule } from '../rule.ts';
import { programName } from '../shell/script.ts';
import { rangeOf, runsOf } from '../shell/scripts.ts';

export default defineRule({
  id: 'PW048',
  name: 'servicing-on-nanoserver',
  severity: 'info',
  platform: 'windows',
  instructions: ['run'],
  docs: {
    summary: 'Nano Server can install neither features nor MSI packages',
    why: 'Its images carry no servicing stack and no installer engine.',
  },
  cases: {
    good: [
      'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN dism /online /enable-feature /all /featurename:IIS-WebServer /NoRestart\n',
    ],
    bad: [
      {
        text: 'FROM mcr.microsoft.com/windows/nanoserver:ltsc2022\nRUN dism /online /enable-feature /featurename:IIS-WebServer\n',
        lines: [2],
      },
    ],
  },
  stage(stage, { report }) {
    if (stage.flavour !== 'nanoserver') return;
    for (const script of runsOf(stage)) {
      const word = script.commands
        .map(({ words }) => words[0])
        .find((one) => installers.has(programName(one)));
      if (word === undefined) continue;
      report({
        message: `${word.value} does not work on Nano Server: use Server Core`,
        range: rangeOf(script, word),
      });
    }
  },
});

const installers = namesIn(
  'dism add-windowsfeature install-windowsfeature enable-windowsoptionalfeature msiexec',
);
