import { defineRule } from '../rule.ts';
import { hasDrive } from '../windows-path.ts';

export default defineRule({
  id: 'PW042',
  name: 'from-scratch-on-windows',
  severity: 'error',
  platform: 'any',
  docs: {
    summary: 'Windows images cannot start from scratch',
    why: 'The builder refuses it: "Windows does not support FROM scratch".',
    see: ['moby/moby: daemon/builder/dockerfile/dispatchers.go'],
  },
  cases: {
    good: ['FROM mcr.microsoft.com/windows/nanoserver:ltsc2022\nCOPY app.exe C:/\n'],
    bad: [{ text: 'FROM scratch\nCOPY app.exe C:/\n', lines: [1] }],
  },
  stage({ base, from, platform, instructions }, { report }) {
    if (base.repository !== 'scratch' || base.stage !== undefined) return;
    const drives = instructions.some(
      ({ instruction }) =>
        ((instruction.kind === 'copy' || instruction.kind === 'add') &&
          hasDrive(instruction.destination.text)) ||
        (instruction.kind === 'workdir' && hasDrive(instruction.path.text)),
    );
    if (platform !== 'windows' && !drives) return;
    report({ message: 'Windows does not support FROM scratch', range: from.image.range() });
  },
});
