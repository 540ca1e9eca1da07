import { defineRule } from '../rule.ts';
import { hasOption } from '../shell/options.ts';
import { toolCalls, yum } from '../shell/package-managers.ts';
import { rpmVerb } from '../shell/rpm.ts';
import { rangeIn } from '../shell/steps.ts';

export default defineRule({
  id: 'DL3030',
  name: 'yum-asks',
  severity: 'warning',
  platform: 'linux',
  instructions: ['run', 'onbuild'],
  onbuild: true,
  docs: {
    summary: 'yum install needs -y',
    why: 'It asks before it installs; a build has nobody to answer, so the step fails.',
  },
  cases: {
    good: ['FROM centos:7\nRUN yum -y install httpd-2.4.24\n'],
    bad: [
      {
        text: 'FROM centos:7\nRUN yum install httpd-2.4.24\n',
        lines: [2],
        fixed: 'FROM centos:7\nRUN yum install -y httpd-2.4.24\n',
      },
    ],
  },
  stage(stage, { file, report }) {
    for (const read of toolCalls(stage, file, yum)) {
      const { call, verbWord } = read;
      if (!/^(group|local|re)?install$/.test(rpmVerb(read)) || verbWord === undefined) continue;
      if (hasOption(read, '-y', '--assumeyes')) continue;
      const { end } = rangeIn(call.step, verbWord);
      report({
        message: 'yum asks before it installs: add -y',
        range: rangeIn(call.step, verbWord),
        fix: { title: 'Add -y', edits: [{ range: { start: end, end }, text: ' -y' }] },
      });
    }
  },
});
