import { defineRule } from '../rule.ts';
import { hasOption } from '../shell/options.ts';
import { aptGet, toolCalls } from '../shell/package-managers.ts';
import { rangeIn } from '../shell/steps.ts';

export default defineRule({
  id: 'DL3015',
  name: 'apt-get-recommends',
  severity: 'info',
  platform: 'linux',
  instructions: ['run', 'onbuild'],
  onbuild: true,
  docs: {
    summary: 'apt-get install takes recommended packages along',
    why: 'They are often larger than what was asked for; --no-install-recommends leaves them out. No automatic fix: some programs do need them.',
  },
  cases: {
    good: [
      'FROM debian:12\nRUN apt-get install -y --no-install-recommends curl\n',
      'FROM debian:12\nRUN apt-get install -y -o APT::Install-Recommends=false curl\n',
    ],
    bad: [{ text: 'FROM debian:12\nRUN apt-get -y install curl\n', lines: [2] }],
  },
  stage(stage, { file, report }) {
    for (const read of toolCalls(stage, file, aptGet)) {
      const { call, verb, verbWord, options } = read;
      if (verb !== 'install' || verbWord === undefined || hasOption(read, '--no-install-recommends'))
        continue;
      if (options.some(({ value = '' }) => /^APT::Install-Recommends=("?(false|no|0|off)"?)$/i.test(value)))
        continue;
      report({
        message: 'add --no-install-recommends to leave out packages that nobody asked for',
        range: rangeIn(call.step, verbWord),
      });
    }
  },
});
