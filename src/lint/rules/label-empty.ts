import { labelsOf, labelValue } from '../labels.ts';
import { defineRule } from '../rule.ts';

export default defineRule({
  id: 'DL3051',
  name: 'label-empty',
  severity: 'warning',
  platform: 'any',
  instructions: ['label'],
  docs: {
    summary: 'A label of the schema is empty',
    why: 'An empty value says no more than a missing label.',
  },
  cases: {
    good: [
      {
        text: 'FROM scratch\nARG A\nLABEL a=1 b=$A c=""\n',
        options: { labelSchema: { a: 'text', b: 'text' } },
      },
    ],
    bad: [{ text: 'FROM scratch\nLABEL a=""\n', lines: [2], options: { labelSchema: { a: 'text' } } }],
  },
  stage(stage, { file, options, report }) {
    for (const label of labelsOf(stage)) {
      const { key, pair } = label;
      if (!Object.hasOwn(options.labelSchema, key) || labelValue(label, stage, file)?.trim() !== '') continue;
      report({ message: `label "${key}" is empty`, range: pair.key.range() });
    }
  },
});
