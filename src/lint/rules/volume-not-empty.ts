import { defineRule } from '../rule.ts';
import { hasDrive, foldersOf, normalizePath } from '../windows-path.ts';

export default defineRule({
  id: 'PW031',
  name: 'volume-not-empty',
  severity: 'warning',
  platform: 'windows',
  instructions: ['volume'],
  docs: {
    summary: 'A VOLUME must be an empty folder on Windows',
    why: 'The container does not start where the folder of the image holds files.',
    see: ['moby/buildkit: docs/reference.md (VOLUME notes)', 'moby/moby#30355', 'moby/moby#38235'],
  },
  cases: {
    good: ['FROM mcr.microsoft.com/windows/servercore:ltsc2022\nCOPY data C:/seed/\nVOLUME C:/data\n'],
    bad: [
      {
        text: 'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nCOPY data C:/data/\nVOLUME C:/data\n',
        lines: [3],
      },
    ],
  },
  stage(stage, { report }) {
    const filled = new Set<string>();
    for (const { instruction } of stage.instructions) {
      if (instruction.kind === 'copy' || instruction.kind === 'add') {
        const to = instruction.destination.text;
        if (hasDrive(to) || /^[\\/]/.test(to))
          for (const folder of foldersOf(normalizePath(to))) filled.add(folder);
      }
      if (instruction.kind !== 'volume') continue;
      for (const volume of instruction.volumes) {
        const path = normalizePath(volume.text);
        if (!path.startsWith('c:') || !filled.has(path)) continue;
        report({
          message: `"${volume.text}" holds files already: a volume needs an empty folder`,
          range: volume.range(),
        });
      }
    }
  },
});
