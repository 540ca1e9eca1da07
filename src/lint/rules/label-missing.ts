import { labelsOf } from '../labels.ts';
import { finalStages } from '../final-stages.ts';
import { defineRule } from '../rule.ts';

export default defineRule({
  id: 'DL3049',
  name: 'label-missing',
  severity: 'info',
  platform: 'any',
  docs: {
    summary: 'Labels of the schema are missing',
    why: 'The label schema of the configuration says which labels every image has. Only the last stage and those below it count.',
  },
  cases: {
    good: [
      {
        text: 'FROM scratch AS a\nLABEL a=1\nFROM a\nLABEL "b"=2\n',
        options: { labelSchema: { a: 'text', b: 'text' } },
      },
      'FROM scratch\n',
    ],
    bad: [
      {
        text: 'FROM scratch AS a\nLABEL a=1\nFROM scratch\nLABEL b=2\n',
        lines: [3],
        options: { labelSchema: { a: 'text', b: 'text' } },
      },
    ],
  },
  check({ file, options, report }) {
    const last = file.stages.at(-1);
    const wanted = Object.keys(options.labelSchema);
    if (last === undefined || wanted.length === 0) return;
    const kept = finalStages(file);
    const present = new Set(
      file.stages
        .filter(({ index }) => kept.has(index))
        .flatMap(labelsOf)
        .map(({ key }) => key),
    );
    for (const label of wanted) {
      if (present.has(label)) continue;
      report({ message: `label "${label}" is missing`, range: last.from.image.range() });
    }
  },
});
