import { namesIn } from '../names.ts';
import { defineRule } from '../rule.ts';
import { hasOption, readArguments } from '../shell/options.ts';
import { namedPosixCalls, rangeIn } from '../shell/steps.ts';

const valued = namesIn(
  '-b --base-dir -c --comment -d --home-dir --home -e --expiredate -f --inactive -g --gid -G --groups -k --skel -K --key -p --password -P --prefix -R --root -s --shell -u --uid -Z --selinux-user',
);

export default defineRule({
  id: 'DL3046',
  name: 'useradd-high-uid',
  severity: 'warning',
  platform: 'linux',
  instructions: ['run', 'onbuild'],
  onbuild: true,
  docs: {
    summary: 'useradd with a high UID needs -l',
    why: 'The sparse lastlog file grows with the highest UID, and in a layer it is not sparse: gigabytes of zeros.',
  },
  cases: {
    good: [
      'FROM debian:12\nRUN useradd -u 12345 app\n',
      'FROM debian:12\nRUN useradd -lu 1234567 app\n',
      'FROM debian:12\nRUN useradd --uid $UID app\n',
    ],
    bad: [
      {
        text: 'FROM debian:12\nRUN useradd -u 1234567 app\n',
        lines: [2],
        fixed: 'FROM debian:12\nRUN useradd -l -u 1234567 app\n',
      },
      { text: 'FROM debian:12\nRUN useradd --uid=1234567 app\n', lines: [2] },
    ],
  },
  stage(stage, { file, report }) {
    for (const call of namedPosixCalls(stage, file, 'useradd')) {
      const read = readArguments(call.args, valued);
      const uid = read.options.find(({ name }) => name === '-u' || name === '--uid')?.value ?? '';
      if (!/^\d{6,}$/.test(uid) || hasOption(read, '-l', '--no-log-init')) continue;
      const range = rangeIn(call.step, call.name);
      report({
        message: `useradd writes a log entry for UID ${uid}, which makes the layer very large: add -l`,
        range,
        fix: {
          title: 'Add -l',
          edits: [{ range: { start: range.end, end: range.end }, text: ' -l' }],
        },
      });
    }
  },
});
