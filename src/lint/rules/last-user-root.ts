import { defineRule } from '../rule.ts';

export default defineRule({
  id: 'DL3002',
  name: 'last-user-root',
  severity: 'warning',
  platform: 'linux',
  docs: {
    summary: 'The last USER should not be root',
    why: 'The container runs with all rights that root has. Switch to root for the steps that need it, and back.',
    windows: 'PW020 says it for ContainerAdministrator.',
  },
  cases: {
    good: ['FROM debian:12\nUSER root\nRUN a\nUSER app\n', 'FROM debian:12\nUSER $ID\n'],
    bad: [
      { text: 'FROM debian:12\nUSER app\nUSER root:root\n', lines: [3] },
      { text: 'FROM debian:12\nUSER 0\n', lines: [2] },
    ],
  },
  stage(stage, { report }) {
    const last = stage.instructions.findLast(({ instruction }) => instruction.kind === 'user')?.instruction;
    if (last?.kind !== 'user' || !/^(root|0)(:|$)/.test(last.user.text.replace(/["']/g, ''))) return;
    report({ message: 'the container runs as root: end with another USER', range: last.user.range() });
  },
});
