import { reportLabelType } from '../labels.ts';
import { defineRule } from '../rule.ts';

export default defineRule({
  id: 'DL3056',
  name: 'label-not-semver',
  severity: 'warning',
  platform: 'any',
  instructions: ['label'],
  docs: {
    summary: 'The schema wants a semantic version',
    why: 'The label schema of the configuration gives this label the type semver: 1.2.3, with -pre and +build where needed.',
  },
  cases: {
    good: [{ text: 'FROM scratch\nLABEL a=2.0.1-rc.1+x86\n', options: { labelSchema: { a: 'semver' } } }],
    bad: [
      {
        text: 'FROM scratch\nLABEL a=1.0\nLABEL a=1.02.3\n',
        lines: [2, 3],
        options: { labelSchema: { a: 'semver' } },
      },
    ],
  },
  stage(stage, context) {
    reportLabelType(stage, context, 'semver', 'a semantic version', (value) => version.test(value));
  },
});

const number = '(?:0|[1-9]\\d*)';
const pre = `(?:${number}|\\d*[A-Za-z-][0-9A-Za-z-]*)`;
const version = new RegExp(
  `^${number}\\.${number}\\.${number}(?:-${pre}(?:\\.${pre})*)?(?:\\+[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?$`,
);
