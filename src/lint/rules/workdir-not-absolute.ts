import { defineRule } from '../rule.ts';
import { instructionsOf } from '../stage-instructions.ts';

export default defineRule({
  id: 'DL3000',
  name: 'workdir-not-absolute',
  severity: 'error',
  platform: 'any',
  instructions: ['workdir'],
  coveredBy: ['PW005', 'PW006', 'BK010'],
  docs: {
    summary: 'WORKDIR should be absolute',
    why: "A relative one joins whatever WORKDIR came before, maybe the base image's, which the next release may change.",
    windows: 'A drive letter, or a leading slash of either kind, makes a path absolute.',
  },
  cases: {
    good: [
      'FROM scratch\nWORKDIR /app\nWORKDIR "/a b"\nWORKDIR $DIR\n',
      'FROM mcr.microsoft.com/windows/nanoserver:ltsc2022\nWORKDIR C:/app\nWORKDIR \\app\n',
    ],
    bad: [{ text: 'FROM scratch\nWORKDIR /app\nWORKDIR sub\n', lines: [3] }],
  },
  stage(stage, { report }) {
    for (const { instruction } of instructionsOf(stage, 'workdir')) {
      const path = instruction.path.text.replace(/^["']/, '');
      if (/^([/$]|[A-Za-z]:)/.test(path) || (stage.platform === 'windows' && path.startsWith('\\'))) continue;
      report({
        message: `WORKDIR "${path.replace(/["']$/, '')}" is relative to the one before: write the whole path`,
        range: instruction.path.range(),
        line: instruction.node.lines[0],
      });
    }
  },
});
