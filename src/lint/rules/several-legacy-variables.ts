import { defineRule } from '../rule.ts';
import { instructionsOf } from '../stage-instructions.ts';

export default defineRule({
  id: 'PW038',
  name: 'several-legacy-variables',
  severity: 'error',
  platform: 'windows',
  instructions: ['env'],
  docs: {
    summary: 'ENV without = sets one variable alone',
    why: 'The other names and values become part of the first value.',
    see: ['microsoft/dotnet-framework-docker#452'],
  },
  cases: {
    good: [
      '# escape=`\nFROM mcr.microsoft.com/windows/servercore:ltsc2022\nENV DOTNET_RUNNING_IN_CONTAINER=true `\n    COMPLUS_FOO=0\n',
    ],
    bad: [
      {
        text: '# escape=`\nFROM mcr.microsoft.com/windows/servercore:ltsc2022\nENV DOTNET_RUNNING_IN_CONTAINER true `\n    COMPLUS_FOO 0\n',
        lines: [3],
      },
    ],
  },
  stage(stage, { file, report }) {
    for (const { instruction } of instructionsOf(stage, 'env')) {
      const pair = instruction.pairs[0];
      if (pair?.legacy !== true) continue;
      const [first, last] = instruction.node.lines;
      let more = /\s[A-Z_][A-Z0-9_]+=\S/.test(pair.value.text);
      for (let line = first + 1; line <= last; line++) {
        more ||= /^\s*[A-Za-z_]\w*(\s*=\s*|\s+)[^\s`\\]/.test(file.source.line(line));
      }
      if (!more) continue;
      report({
        message: `only ${pair.key.text} is set, the rest is its value: write NAME=value`,
        range: pair.key.range(),
      });
    }
  },
});
