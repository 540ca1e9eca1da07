import { reportLabelType } from '../labels.ts';
import { defineRule } from '../rule.ts';

export default defineRule({
  id: 'DL3052',
  name: 'label-not-url',
  severity: 'warning',
  platform: 'any',
  instructions: ['label'],
  docs: {
    summary: 'The schema wants a URL',
    why: 'The label schema of the configuration gives this label the type url.',
  },
  cases: {
    good: [
      { text: 'FROM scratch\nLABEL a=https://example.com/x b=c\n', options: { labelSchema: { a: 'url' } } },
    ],
    bad: [
      { text: 'FROM scratch\nLABEL a=example.com\n', lines: [2], options: { labelSchema: { a: 'url' } } },
    ],
  },
  stage(stage, context) {
    const isUrl = (value: string): boolean =>
      /^[a-z][a-z0-9+.-]*:\/\/\S+$/i.test(value) && URL.canParse(value);
    reportLabelType(stage, context, 'url', 'a URL', isUrl);
  },
});
