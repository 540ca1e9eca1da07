import { reportLabelType } from '../labels.ts';
import { defineRule } from '../rule.ts';

export default defineRule({
  id: 'DL3058',
  name: 'label-not-email',
  severity: 'warning',
  platform: 'any',
  instructions: ['label'],
  docs: {
    summary: 'The schema wants an e-mail address',
    why: 'The label schema of the configuration gives this label the type email.',
  },
  cases: {
    good: [
      { text: 'FROM scratch\nLABEL a=first.last+x@example.com\n', options: { labelSchema: { a: 'email' } } },
    ],
    bad: [{ text: 'FROM scratch\nLABEL a="A Name"\n', lines: [2], options: { labelSchema: { a: 'email' } } }],
  },
  stage(stage, context) {
    reportLabelType(stage, context, 'email', 'an e-mail address', (value) => address.test(value));
  },
});

const atom = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+";
const address = new RegExp(
  `^(?:${atom}(?:\\.${atom})*|"(?:[^"\\\\]|\\\\.)+")@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*$`,
);
