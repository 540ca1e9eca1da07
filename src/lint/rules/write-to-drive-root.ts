import { defineRule } from '../rule.ts';
import { rangeOf, runsOf } from '../shell/scripts.ts';
import { hasDrive, normalizePath } from '../windows-path.ts';
import { runsAsUser } from '../windows-stage.ts';

export default defineRule({
  id: 'PW019',
  name: 'write-to-drive-root',
  severity: 'warning',
  platform: 'windows',
  instructions: ['run'],
  docs: {
    summary: 'ContainerUser may not create files in C:\\',
    why: 'The step ends with "Access is denied" on servers.',
    see: ['moby/buildkit#4731', 'docker/for-win#14182'],
  },
  cases: {
    good: [
      'FROM mcr.microsoft.com/windows/nanoserver:ltsc2022\nUSER ContainerAdministrator\nRUN echo hello > hello.txt\nUSER ContainerUser\n',
    ],
    bad: [
      {
        text: 'FROM mcr.microsoft.com/windows/nanoserver:ltsc2022\nRUN echo hello > hello.txt\n',
        lines: [2],
      },
    ],
  },
  stage(stage, { report }) {
    for (const script of runsOf(stage)) {
      const { workdir } = script.context;
      if (!runsAsUser(stage, script.context)) continue;
      const atRoot = workdir === undefined ? stage.base.stage === undefined : normalizePath(workdir) === 'c:';
      for (const target of script.commands.flatMap(({ redirects }) => redirects)) {
        const path = target.value;
        if (/^nul$|^\$|^%/i.test(path)) continue;
        const inRoot =
          hasDrive(path) || /^[\\/]/.test(path)
            ? /^c:\/[^/]+$/.test(normalizePath(path))
            : atRoot && !/[\\/]/.test(path);
        if (!inRoot) continue;
        report({ message: `ContainerUser may not create "${path}" in C:\\`, range: rangeOf(script, target) });
      }
    }
  },
});
