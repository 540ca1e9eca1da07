import { defineRule } from '../rule.ts';
import { instructionsOf } from '../stage-instructions.ts';

export default defineRule({
  id: 'BK010',
  name: 'workdir-relative-path',
  aliases: ['WorkdirRelativePath'],
  severity: 'warning',
  platform: 'any',
  instructions: ['workdir'],
  coveredBy: ['PW006'],
  description:
    'Relative workdir without an absolute workdir declared within the build can have unexpected results if the base image changes',
  url: 'https://docs.docker.com/go/dockerfile/rule/workdir-relative-path/',
  docs: {
    summary: 'The first WORKDIR should be absolute',
    why: 'A relative path joins whatever the base image says today.',
    windows: 'A drive letter or a leading slash of either kind makes a path absolute.',
  },
  cases: {
    good: [
      'FROM scratch\nWORKDIR /app\nWORKDIR sub\n',
      'FROM mcr.microsoft.com/windows/nanoserver:ltsc2022\nWORKDIR C:/app\n',
    ],
    bad: [{ text: 'FROM scratch\nWORKDIR app\n', lines: [2] }],
  },
  stage(stage, { report }) {
    for (const { instruction, workdir } of instructionsOf(stage, 'workdir')) {
      if (workdir !== undefined) continue;
      const path = instruction.path.text;
      if (path.startsWith('$') || isAbsolute(path, stage.platform)) continue;
      report({
        message: `Relative workdir "${path}" can have unexpected results if the base image changes`,
        range: instruction.path.range(),
        line: instruction.node.lines[0],
      });
      // Only the first of a chain is the base image's affair.
      return;
    }
  },
});

/** Quotes were part of the word as written. */
function isAbsolute(path: string, os: 'windows' | 'linux'): boolean {
  const bare = path.replace(/^["']/, '');
  return os === 'windows' ? /^([a-z]:|[\\/])/i.test(bare) : bare.startsWith('/');
}
