import { defineRule } from '../rule.ts';
import { toolCalls, zypper } from '../shell/package-managers.ts';
import { rangeIn } from '../shell/steps.ts';

export default defineRule({
  id: 'DL3035',
  name: 'zypper-dist-upgrade',
  severity: 'warning',
  platform: 'linux',
  instructions: ['run', 'onbuild'],
  onbuild: true,
  docs: {
    summary: 'Do not upgrade the distribution in a build',
    why: 'The image becomes another release than its base image says, at a moment that nobody chose. Name a newer base image.',
  },
  cases: {
    good: ['FROM opensuse/leap:15.6\nRUN zypper -n patch\n'],
    bad: [
      { text: 'FROM opensuse/leap:15.6\nRUN zypper -n dist-upgrade\n', lines: [2] },
      { text: 'FROM opensuse/leap:15.6\nRUN zypper -n dup\n', lines: [2] },
    ],
  },
  stage(stage, { file, report }) {
    for (const { call, verb, verbWord } of toolCalls(stage, file, zypper)) {
      if (!/^(dist-upgrade|dup)$/.test(verb) || verbWord === undefined) continue;
      report({
        message: 'name a newer base image instead of upgrading the distribution',
        range: rangeIn(call.step, verbWord),
      });
    }
  },
});
