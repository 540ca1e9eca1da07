import { releaseOfTag } from '../data/windows-releases.ts';
import { defineRule } from '../rule.ts';

export default defineRule({
  id: 'PW024',
  name: 'stages-of-different-builds',
  severity: 'warning',
  platform: 'any',
  docs: {
    summary: 'Stages should be of one Windows build',
    why: 'Process isolation needs the build of the host: not every stage can run on one machine.',
    see: ['docker-library/golang#393'],
  },
  cases: {
    good: [
      'FROM mcr.microsoft.com/windows/servercore:ltsc2022 AS b\nRUN echo 1\nFROM mcr.microsoft.com/windows/nanoserver:ltsc2022\nRUN echo 2\n',
    ],
    bad: [
      {
        text: 'FROM mcr.microsoft.com/windows/servercore:ltsc2019 AS b\nRUN echo 1\nFROM mcr.microsoft.com/windows/nanoserver:ltsc2022\nRUN echo 2\n',
        lines: [3],
      },
    ],
  },
  check({ file, report }) {
    const running = file.stages.filter(
      ({ platform, base, instructions }) =>
        platform === 'windows' &&
        base.stage === undefined &&
        instructions.some(({ instruction }) => instruction.kind === 'run'),
    );
    const first = running.map(({ base }) => releaseOfTag(base.tag)).find((release) => release !== undefined);
    for (const { base, from } of running) {
      const release = releaseOfTag(base.tag);
      if (first === undefined || release === undefined || release.build === first.build) continue;
      // Hosts of 2025 run images of 2022 too.
      if (Math.min(release.build, first.build) >= 20348) continue;
      report({
        message: `${release.name} and ${first.name} in one file: no host runs both with process isolation`,
        range: from.image.range(),
      });
    }
  },
});
