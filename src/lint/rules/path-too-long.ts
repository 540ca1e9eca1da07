import { defineRule } from '../rule.ts';
import { baseName, hasDrive } from '../windows-path.ts';

export default defineRule({
  id: 'PW045',
  name: 'path-too-long',
  severity: 'info',
  platform: 'windows',
  instructions: ['workdir', 'copy', 'add'],
  docs: {
    summary: 'Paths should be shorter than 260 characters',
    why: 'Most Windows programs fail beyond that length, and so may importing the layer.',
    see: ['moby/moby#32838', 'moby/moby#22449', 'StefanScherer/dockerfiles-windows: longpath/Dockerfile'],
  },
  cases: {
    good: ['FROM mcr.microsoft.com/windows/servercore:ltsc2022\nWORKDIR C:/src\n'],
    bad: [
      {
        text: 'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nWORKDIR C:/averyveryverylongdirectoryname/averyveryverylongdirectoryname/averyveryverylongdirectoryname/averyveryverylongdirectoryname/averyveryverylongdirectoryname/averyveryverylongdirectoryname/averyveryverylongdirectoryname/averyveryverylongdirectoryname/averyveryverylongdirectoryname\n',
        lines: [2],
      },
    ],
  },
  stage(stage, { report }) {
    for (const { instruction, workdir } of stage.instructions) {
      const absolute = (path: string): string =>
        hasDrive(path) || /^[\\/]/.test(path) ? path : `${workdir ?? 'C:'}/${path}`;
      if (instruction.kind === 'workdir') {
        if (absolute(instruction.path.text).length > 260) {
          report({ message: 'the path is longer than 260 characters', range: instruction.path.range() });
        }
      } else if (instruction.kind === 'copy' || instruction.kind === 'add') {
        const to = absolute(instruction.destination.text);
        const longest = instruction.sources.reduce(
          (length, { text }) => Math.max(length, baseName(text).length),
          0,
        );
        if (to.length + (/[\\/]$/.test(to) ? longest : 0) <= 260) continue;
        report({ message: 'the path is longer than 260 characters', range: instruction.destination.range() });
      }
    }
  },
});
