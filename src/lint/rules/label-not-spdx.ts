import { createRequire } from 'node:module';
import { reportLabelType } from '../labels.ts';
import { defineRule } from '../rule.ts';

export default defineRule({
  id: 'DL3054',
  name: 'label-not-spdx',
  severity: 'warning',
  platform: 'any',
  instructions: ['label'],
  docs: {
    summary: 'The schema wants an SPDX licence',
    why: 'The label schema of the configuration gives this label the type spdx: an identifier of the SPDX list, or an expression of them.',
  },
  cases: {
    good: [
      {
        text: 'FROM scratch\nLABEL a=Apache-2.0\nLABEL a="MIT OR GPL-2.0-only WITH Classpath-exception-2.0"\n',
        options: { labelSchema: { a: 'spdx' } },
      },
    ],
    bad: [
      { text: 'FROM scratch\nLABEL a="Apache 2"\n', lines: [2], options: { labelSchema: { a: 'spdx' } } },
    ],
  },
  stage(stage, context) {
    reportLabelType(stage, context, 'spdx', 'an SPDX identifier', isSpdx);
  },
});

/** Few files have a schema with licences: the list of all licences is loaded for those. */
function isSpdx(value: string): boolean {
  const parse = createRequire(import.meta.filename)('spdx-expression-parse') as (text: string) => unknown;
  try {
    parse(value);
    return true;
  } catch {
    return false;
  }
}
