import { reportLabelType } from '../labels.ts';
import { defineRule } from '../rule.ts';

export default defineRule({
  id: 'DL3055',
  name: 'label-not-hash',
  severity: 'warning',
  platform: 'any',
  instructions: ['label'],
  docs: {
    summary: 'The schema wants a commit of git',
    why: 'The label schema of the configuration gives this label the type hash: 7 to 40 hexadecimal digits, or 64.',
  },
  cases: {
    good: [{ text: 'FROM scratch\nLABEL a=2dbfae9\n', options: { labelSchema: { a: 'hash' } } }],
    bad: [{ text: 'FROM scratch\nLABEL a=v1.0\n', lines: [2], options: { labelSchema: { a: 'hash' } } }],
  },
  stage(stage, context) {
    const isHash = (value: string): boolean => /^([0-9a-f]{7,40}|[0-9a-f]{64})$/i.test(value);
    reportLabelType(stage, context, 'hash', 'a commit of git', isHash);
  },
});
