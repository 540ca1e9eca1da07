import { defineRule } from '../rule.ts';
import { hasOption } from '../shell/options.ts';
import { dnf, toolCalls } from '../shell/package-managers.ts';
import { rpmVerb } from '../shell/rpm.ts';
import { rangeIn } from '../shell/steps.ts';

export default defineRule({
  id: 'DL3038',
  name: 'dnf-asks',
  severity: 'warning',
  platform: 'linux',
  instructions: ['run', 'onbuild'],
  onbuild: true,
  docs: {
    summary: 'dnf install needs -y',
    why: 'It asks before it installs; a build has nobody to answer, so the step fails.',
  },
  cases: {
    good: [
      'FROM fedora:40\nRUN dnf -y install httpd-2.4.24\n',
      'FROM fedora:40\nRUN dnf module list\n',
      'FROM ubi9/ubi-minimal:9.4\nRUN microdnf install -y httpd-2.4.24\n',
    ],
    bad: [
      { text: 'FROM fedora:40\nRUN dnf module install tomcat:9\n', lines: [2] },
      {
        text: 'FROM fedora:40\nRUN dnf install httpd-2.4.24\n',
        lines: [2],
        fixed: 'FROM fedora:40\nRUN dnf install -y httpd-2.4.24\n',
      },
    ],
  },
  stage(stage, { file, report }) {
    for (const read of toolCalls(stage, file, dnf)) {
      const { call, verbWord } = read;
      if (!/^((group|local|re)?install|in|rei)$/.test(rpmVerb(read)) || verbWord === undefined) continue;
      if (hasOption(read, '-y', '--assumeyes')) continue;
      const { end } = rangeIn(call.step, verbWord);
      report({
        message: `${call.program} asks before it installs: add -y`,
        range: rangeIn(call.step, verbWord),
        fix: { title: 'Add -y', edits: [{ range: { start: end, end }, text: ' -y' }] },
      });
    }
  },
});
