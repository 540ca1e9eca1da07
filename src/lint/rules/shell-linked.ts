import { defineRule } from '../rule.ts';
import { namedPosixCalls, rangeIn } from '../shell/steps.ts';

export default defineRule({
  id: 'DL4005',
  name: 'shell-linked',
  severity: 'warning',
  platform: 'linux',
  instructions: ['run', 'onbuild'],
  onbuild: true,
  docs: {
    summary: 'Use SHELL to change the shell',
    why: 'A link over /bin/sh changes every script of the image as well, not only the build.',
  },
  cases: {
    good: ['FROM debian:12\nSHELL ["/bin/bash", "-c"]\nRUN ln -sf /bin/true /sbin/initctl\n'],
    bad: [{ text: 'FROM debian:12\nRUN ln -sf /bin/bash /bin/sh\n', lines: [2] }],
  },
  stage(stage, { file, report }) {
    for (const { args, command, step } of namedPosixCalls(stage, file, 'ln')) {
      if (!/^(\/usr)?\/bin\/sh$/.test(args.at(-1)?.value ?? '')) continue;
      report({ message: 'use SHELL instead of a link over /bin/sh', range: rangeIn(step, command) });
    }
  },
});
