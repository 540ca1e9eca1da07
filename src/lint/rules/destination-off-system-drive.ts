import { defineRule } from '../rule.ts';

export default defineRule({
  id: 'PW007',
  name: 'destination-off-system-drive',
  severity: 'error',
  platform: 'windows',
  instructions: ['workdir', 'copy', 'add'],
  docs: {
    summary: 'Files can only be put on drive C:',
    why: 'Only the system drive is part of an image: the builders refuse other drives and network paths.',
    see: ['moby/moby: copy_windows.go', 'moby/buildkit: util/system/path.go'],
  },
  cases: {
    good: ['FROM mcr.microsoft.com/windows/servercore:ltsc2022\nCOPY app C:/app/\n'],
    bad: [{ text: 'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nCOPY app D:/app/\n', lines: [2] }],
  },
  stage(stage, { report }) {
    for (const { instruction } of stage.instructions) {
      const path =
        instruction.kind === 'workdir'
          ? instruction.path
          : instruction.kind === 'copy' || instruction.kind === 'add'
            ? instruction.destination
            : undefined;
      if (path === undefined) continue;
      const text = path.text.replace(/^["']/, '');
      if (!/^[abd-z]:/i.test(text) && !/^(\\\\|\/\/)[^\\/]/.test(text)) continue;
      report({ message: `"${path.text}" is not on the system drive (C:)`, range: path.range() });
    }
  },
});
