import { defineRule } from '../rule.ts';
import { namedPosixCalls, rangeIn } from '../shell/steps.ts';

const programs = ['free', 'ifconfig', 'kill', 'mount', 'ps', 'service', 'shutdown', 'ssh', 'top', 'vim'];

export default defineRule({
  id: 'DL3001',
  name: 'interactive-command',
  severity: 'info',
  platform: 'linux',
  instructions: ['run', 'onbuild'],
  onbuild: true,
  docs: {
    summary: 'Programs for a running machine have nothing to do in a build',
    why: 'A build step has no other processes, no services and nobody at the keyboard: ps, kill, service, mount, vim and the like do nothing that lasts.',
  },
  cases: {
    good: [
      'FROM debian:12\nRUN apt-get install ssh\n',
      'FROM debian:12\nRUN --mount=type=ssh ssh -T git@example.com\n',
    ],
    bad: [
      { text: 'FROM debian:12\nRUN service nginx start && ps\n', lines: [2, 2] },
      { text: 'FROM debian:12\nONBUILD RUN top\n', lines: [2] },
    ],
  },
  stage(stage, { file, report }) {
    for (const { program, name, step } of namedPosixCalls(stage, file, ...programs)) {
      if (program === 'ssh' && step.run.mounts.some(({ mount }) => mount?.type === 'ssh')) continue;
      report({ message: `"${program}" makes no sense in a build step`, range: rangeIn(step, name) });
    }
  },
});
