import { reportLabelType } from '../labels.ts';
import { defineRule } from '../rule.ts';

export default defineRule({
  id: 'DL3053',
  name: 'label-not-time',
  severity: 'warning',
  platform: 'any',
  instructions: ['label'],
  docs: {
    summary: 'The schema wants a time as RFC 3339 has it',
    why: 'The label schema of the configuration gives this label the type rfc3339: 2021-03-10T10:26:33+01:00.',
  },
  cases: {
    good: [
      { text: 'FROM scratch\nLABEL a=2021-03-10T10:26:33.5Z\n', options: { labelSchema: { a: 'rfc3339' } } },
    ],
    bad: [
      {
        text: 'FROM scratch\nLABEL a=2021-03-10\nLABEL a=2021-02-30T10:26:33Z\n',
        lines: [2, 3],
        options: { labelSchema: { a: 'rfc3339' } },
      },
    ],
  },
  stage(stage, context) {
    reportLabelType(stage, context, 'rfc3339', 'a time such as 2021-03-10T10:26:33+01:00', isTime);
  },
});

const shape =
  /^(\d{4}-\d\d-\d\d)[Tt ](?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

function isTime(value: string): boolean {
  const day = shape.exec(value)?.[1];
  if (day === undefined) return false;
  const time = Date.parse(`${day}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(day);
}
