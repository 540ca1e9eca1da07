import { legacyPairFix } from '../fixes/legacy-pair.ts';
import { defineRule } from '../rule.ts';
import { instructionsOf } from '../stage-instructions.ts';

export default defineRule({
  id: 'BK013',
  name: 'legacy-key-value-format',
  aliases: ['LegacyKeyValueFormat'],
  severity: 'warning',
  platform: 'any',
  instructions: ['env', 'label'],
  description: 'Legacy key/value format with whitespace separator should not be used',
  url: 'https://docs.docker.com/go/dockerfile/rule/legacy-key-value-format/',
  docs: {
    summary: 'Write ENV and LABEL with =',
    why: 'With a blank the whole rest of the line is the value, whatever it looks like.',
  },
  cases: {
    good: ['FROM scratch\nENV a=b\n'],
    bad: [
      { text: 'FROM scratch\nENV a b\n', lines: [2], fixed: 'FROM scratch\nENV a=b\n' },
      { text: 'FROM scratch\nLABEL a b c\n', lines: [2], fixed: 'FROM scratch\nLABEL a="b c"\n' },
    ],
  },
  stage(stage, { report }) {
    for (const { instruction } of instructionsOf(stage, 'env', 'label')) {
      const pair = instruction.pairs.find(({ legacy }) => legacy);
      if (pair === undefined) continue;
      const keyword = instruction.node.keyword.text;
      const fix = legacyPairFix(pair);
      report({
        message: `"${keyword} key=value" should be used instead of legacy "${keyword} key value" format`,
        range: instruction.node.range,
        line: instruction.node.lines[0],
        ...(fix === undefined ? {} : { fix }),
      });
    }
  },
});
