import { defineRule } from '../rule.ts';
import { instructionsOf } from '../stage-instructions.ts';

export default defineRule({
  id: 'PW015',
  name: 'env-percent-variable',
  severity: 'error',
  platform: 'windows',
  instructions: ['env'],
  docs: {
    summary: 'ENV does not expand %NAME%',
    why: 'The builder expands only $NAME: the literal %PATH% is stored and every look-up of programs breaks.',
    see: ['moby/moby#22017', 'moby/moby#30033'],
  },
  cases: {
    good: [
      '# escape=`\nFROM mcr.microsoft.com/windows/servercore:ltsc2022\nUSER ContainerAdministrator\nRUN setx /M PATH "%PATH%;C:\\tools"\n',
    ],
    bad: [
      {
        text: 'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nENV PATH="%PATH%;C:\\tools"\n',
        lines: [2],
      },
    ],
  },
  stage(stage, { report }) {
    for (const { instruction } of instructionsOf(stage, 'env')) {
      for (const { value } of instruction.pairs) {
        const match = /%[A-Za-z_][\w()]*%/.exec(value.text);
        if (match === null) continue;
        report({
          message: `${match[0]} is stored as it is: ENV expands only $NAME`,
          range: value.range(match.index, match.index + match[0].length),
        });
      }
    }
  },
});
