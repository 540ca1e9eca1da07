import { defineRule } from '../rule.ts';

/** What only a shell understands: a JSON form could not say it. */
const needsShell = /[|&;<>$`*?()]/;

export default defineRule({
  id: 'DL3025',
  name: 'shell-form-command',
  severity: 'warning',
  platform: 'linux',
  instructions: ['healthcheck', 'cmd', 'entrypoint'],
  coveredBy: ['BK007'],
  docs: {
    summary: 'CMD, ENTRYPOINT and HEALTHCHECK should be in JSON form',
    why: 'In shell form the shell is the first process and gets the signals, not the program.',
    windows: 'Not reported for Windows stages: there are no signals, and BK007 tells about cmd in between.',
  },
  cases: {
    good: [
      'FROM scratch\nENTRYPOINT ["a"]\nCMD ["b"]\nHEALTHCHECK CMD ["c"]\n',
      'FROM scratch\nHEALTHCHECK CMD curl -f http://localhost/ || exit 1\n',
      'FROM scratch\nCMD\nHEALTHCHECK NONE\n',
      'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nHEALTHCHECK CMD check.exe\n',
    ],
    bad: [
      { text: 'FROM scratch\nENTRYPOINT a\nCMD b\nHEALTHCHECK CMD c\n', lines: [2, 3, 4] },
      { text: 'FROM scratch\nSHELL ["/bin/bash", "-c"]\nCMD a\n', lines: [3] },
    ],
  },
  stage(stage, { report }) {
    for (const { instruction } of stage.instructions) {
      const { kind, node } = instruction;
      if (kind === 'healthcheck') {
        if (instruction.test[0] !== 'CMD-SHELL' || needsShell.test(instruction.test[1] ?? '')) continue;
      } else if (kind !== 'cmd' && kind !== 'entrypoint') continue;
      else if (instruction.command.exec || instruction.command.args.length === 0) continue;
      report({
        message: `write ${node.keyword.text.toUpperCase()} in JSON form, so that no shell stands between`,
        range: node.rest.range(),
        line: node.lines[0],
      });
    }
  },
});
