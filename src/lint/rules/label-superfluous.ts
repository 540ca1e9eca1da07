import { labelsOf } from '../labels.ts';
import { defineRule } from '../rule.ts';

export default defineRule({
  id: 'DL3050',
  name: 'label-superfluous',
  severity: 'info',
  platform: 'any',
  instructions: ['label'],
  docs: {
    summary: 'A label that the schema does not name',
    why: 'With strict labels, the label schema of the configuration is the whole list.',
  },
  cases: {
    good: [
      { text: 'FROM scratch\nLABEL a=1\n', options: { labelSchema: { a: 'text' }, strictLabels: true } },
      { text: 'FROM scratch\nLABEL b=1\n', options: { labelSchema: { a: 'text' } } },
    ],
    bad: [
      {
        text: 'FROM scratch\nLABEL a=1 b=2\n',
        lines: [2],
        options: { labelSchema: { a: 'text' }, strictLabels: true },
      },
    ],
  },
  stage(stage, { options, report }) {
    if (!options.strictLabels) return;
    for (const { key, pair } of labelsOf(stage)) {
      if (Object.hasOwn(options.labelSchema, key)) continue;
      report({ message: `label "${key}" is not in the schema`, range: pair.key.range() });
    }
  },
});
