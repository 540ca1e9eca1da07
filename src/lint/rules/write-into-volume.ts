import { namesIn } from '../names.ts';
import { defineRule } from '../rule.ts';
import { rangeOf, scriptsAt } from '../shell/scripts.ts';
import { hasDrive, foldersOf, normalizePath } from '../windows-path.ts';

export default defineRule({
  id: 'PW032',
  name: 'write-into-volume',
  severity: 'warning',
  platform: 'windows',
  instructions: ['volume'],
  docs: {
    summary: 'Nothing can be put into a VOLUME after it is declared',
    why: 'The classic builder, which Windows still uses, throws it away.',
    see: ['docker/for-win#5742', 'moby/buildkit: docs/reference.md'],
  },
  cases: {
    good: [
      'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN mkdir C:\\data2 && echo test > C:\\data2\\test.txt\nVOLUME C:/data\n',
    ],
    bad: [
      {
        text: 'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nVOLUME C:/data\nRUN echo test > C:\\data\\test.txt\n',
        lines: [3],
      },
    ],
  },
  stage(stage, { report }) {
    const volumes = new Set<string>();
    const within = (path: string): boolean =>
      hasDrive(path) && foldersOf(normalizePath(path)).some((folder) => volumes.has(folder));
    const message = 'what is written into a volume is lost: put it there before VOLUME';
    for (const context of stage.instructions) {
      const { instruction } = context;
      if (instruction.kind === 'volume')
        for (const { text } of instruction.volumes) volumes.add(normalizePath(text));
      if (volumes.size === 0) continue;
      if (
        (instruction.kind === 'copy' || instruction.kind === 'add') &&
        within(instruction.destination.text)
      ) {
        report({ message, range: instruction.destination.range() });
      }
      for (const script of instruction.kind === 'run' ? scriptsAt(context) : []) {
        const targets = script.commands.flatMap(({ program, words, redirects }) => {
          const written = writers.has(program)
            ? words
                .slice(1)
                .filter(({ value }) => hasDrive(value))
                .slice(-1)
            : [];
          return [...redirects, ...written];
        });
        const target = targets.find(({ value }) => within(value));
        if (target !== undefined) report({ message, range: rangeOf(script, target) });
      }
    }
  },
});

const writers = namesIn(
  'mkdir md copy xcopy robocopy move new-item out-file set-content copy-item move-item expand-archive',
);
