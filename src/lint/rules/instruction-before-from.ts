import { defineRule } from '../rule.ts';

export default defineRule({
  id: 'DL3061',
  name: 'instruction-before-from',
  severity: 'error',
  platform: 'any',
  coveredBy: ['PH001'],
  docs: {
    summary: 'Only ARG may stand before the first FROM',
    why: 'There is no stage yet that the instruction could belong to: the builder refuses it.',
  },
  cases: {
    good: ['# a\nARG A=1\nFROM scratch\n'],
    bad: [{ text: 'LABEL a=b\nARG A=1\nFROM scratch\n', lines: [1] }],
  },
  check({ file, report }) {
    for (const node of file.dockerfile.tree.instructions) {
      if (node.name === 'from') return;
      if (node.name === 'arg') continue;
      report({ message: 'only ARG may stand before the first FROM', range: node.keyword.range() });
    }
  },
});
