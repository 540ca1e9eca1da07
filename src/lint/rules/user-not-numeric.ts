import { defineRule } from '../rule.ts';
import { instructionsOf } from '../stage-instructions.ts';

export default defineRule({
  id: 'DL3066',
  name: 'user-not-numeric',
  severity: 'info',
  platform: 'linux',
  instructions: ['user'],
  docs: {
    summary: 'A numeric USER can be checked from outside',
    why: 'Orchestrators that refuse root cannot tell who a name is; a number they can.',
    windows: 'Not reported for Windows stages, where users have no numbers.',
  },
  cases: {
    good: [
      'FROM debian:12\nUSER 1000:1000\nUSER $ID\nUSER root\n',
      'FROM mcr.microsoft.com/windows/nanoserver:ltsc2022\nUSER ContainerUser\n',
    ],
    bad: [{ text: 'FROM debian:12\nUSER app\nUSER "app:app"\n', lines: [2, 3] }],
  },
  stage(stage, { report }) {
    for (const { instruction } of instructionsOf(stage, 'user')) {
      const user = instruction.user.text.replace(/["']/g, '').replace(/:.*$/, '');
      // The number of root is known everywhere.
      if (/^\d*$|^root$|\$/.test(user)) continue;
      report({
        message: `"${user}" has no number that the host knows: write the UID`,
        range: instruction.user.range(),
      });
    }
  },
});
