import { defineRule } from '../rule.ts';
import { hasOption } from '../shell/options.ts';
import { aptGet, toolCalls } from '../shell/package-managers.ts';
import { programName } from '../shell/script.ts';
import { rangeIn } from '../shell/steps.ts';

export default defineRule({
  id: 'DL3014',
  name: 'apt-get-asks',
  severity: 'warning',
  platform: 'linux',
  instructions: ['run', 'onbuild'],
  onbuild: true,
  docs: {
    summary: 'apt-get install needs -y',
    why: 'It asks before it installs; a build has nobody to answer, so the step fails.',
  },
  cases: {
    good: [
      'FROM debian:12\nRUN OPTIONS="-y --no-install-recommends"; apt-get install $OPTIONS curl\n',
      'FROM debian:12\nRUN apt-get install -yq curl\n',
      'FROM debian:12\nRUN apt-get -qq install curl\n',
      'FROM debian:12\nRUN apt-get install --assume-yes curl\n',
      'FROM debian:12\nRUN yes | apt-get install curl\n',
    ],
    bad: [
      {
        text: 'FROM debian:12\nRUN apt-get install -q curl\n',
        lines: [2],
        fixed: 'FROM debian:12\nRUN apt-get install -y -q curl\n',
      },
    ],
  },
  stage(stage, { file, report }) {
    for (const read of toolCalls(stage, file, aptGet)) {
      const { call, verb, verbWord, options } = read;
      if (verb !== 'install' || verbWord === undefined) continue;
      if (hasOption(read, '-y', '--yes', '--assume-yes', '-s', '--simulate', '--dry-run')) continue;
      const quiet = options.filter(({ name }) => name === '-q' || name === '--quiet');
      if (quiet.length > 1 || quiet.some(({ value }) => Number(value) > 1)) continue;
      if (options.some(({ value = '' }) => /^APT::Get::Assume-Yes=(true|yes|1|")/i.test(value))) continue;
      const feeder = call.step.commands[call.index - 1]?.words[0];
      if (call.command.before === '|' && programName(feeder) === 'yes') continue;
      const { end } = rangeIn(call.step, verbWord);
      report({
        message: 'apt-get asks before it installs: add -y',
        range: rangeIn(call.step, verbWord),
        fix: { title: 'Add -y', edits: [{ range: { start: end, end }, text: ' -y' }] },
      });
    }
  },
});
