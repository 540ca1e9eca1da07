import { defineRule } from '../rule.ts';
import { instructionsOf } from '../stage-instructions.ts';

export default defineRule({
  id: 'PW016',
  name: 'env-path-from-empty',
  severity: 'error',
  platform: 'windows',
  instructions: ['env'],
  docs: {
    summary: 'Windows base images set no PATH that ENV could extend',
    why: '$PATH is empty while the image is built: System32 disappears from PATH and no program is found.',
    see: ['moby/moby#30033', 'docker/for-win#2306', 'PowerShell/PowerShell-Docker#164', 'moby/buildkit#5234'],
  },
  cases: {
    good: [
      'FROM mcr.microsoft.com/windows/nanoserver:ltsc2022\nENV PATH="C:\\\\Windows\\\\System32;C:\\\\Windows;C:\\\\tools"\n',
    ],
    bad: [
      { text: 'FROM mcr.microsoft.com/windows/nanoserver:ltsc2022\nENV PATH="$PATH;C:/tools"\n', lines: [2] },
    ],
  },
  stage(stage, { report }) {
    const bare = /^mcr\.microsoft\.com\/windows(\/(nanoserver|servercore|server))?$/;
    if (!bare.test(stage.root.repository)) return;
    for (const { instruction, variables } of instructionsOf(stage, 'env')) {
      for (const { key, value } of instruction.pairs) {
        if (key.text.toUpperCase() !== 'PATH' || variables.get('PATH') !== undefined) continue;
        const match = /\$(PATH\b|\{PATH[:}])/i.exec(value.text);
        if (match === null) continue;
        report({
          message:
            'PATH of the base image is not known to ENV: name C:\\Windows\\System32 and C:\\Windows, or use setx /M',
          range: value.range(match.index, match.index + match[0].length),
        });
      }
    }
  },
});
