import { defineRule } from '../rule.ts';
import { hasOption } from '../shell/options.ts';
import { toolCalls, zypper } from '../shell/package-managers.ts';
import { rangeIn } from '../shell/steps.ts';

const asking =
  /^(install|in|remove|rm|source-install|si|patch|update|up|dist-upgrade|dup|install-new-recommends|inr)$/;

export default defineRule({
  id: 'DL3034',
  name: 'zypper-asks',
  severity: 'warning',
  platform: 'linux',
  instructions: ['run', 'onbuild'],
  onbuild: true,
  docs: {
    summary: 'zypper needs --non-interactive or -y',
    why: 'It asks before it changes anything; a build has nobody to answer, so the step fails.',
  },
  cases: {
    good: [
      'FROM opensuse/leap:15.6\nRUN zypper -n install httpd=2.4.24\n',
      'FROM opensuse/leap:15.6\nRUN zypper in -y httpd=2.4.24\n',
    ],
    bad: [
      {
        text: 'FROM opensuse/leap:15.6\nRUN zypper install httpd=2.4.24\n',
        lines: [2],
        fixed: 'FROM opensuse/leap:15.6\nRUN zypper --non-interactive install httpd=2.4.24\n',
      },
    ],
  },
  stage(stage, { file, report }) {
    for (const read of toolCalls(stage, file, zypper)) {
      const { call, verb, verbWord } = read;
      if (!asking.test(verb) || verbWord === undefined) continue;
      if (hasOption(read, '-n', '--non-interactive', '-y', '--no-confirm')) continue;
      const { start } = rangeIn(call.step, verbWord);
      report({
        message: `zypper ${verb} asks: add --non-interactive`,
        range: rangeIn(call.step, verbWord),
        fix: {
          title: 'Add --non-interactive',
          edits: [{ range: { start, end: start }, text: '--non-interactive ' }],
        },
      });
    }
  },
});
