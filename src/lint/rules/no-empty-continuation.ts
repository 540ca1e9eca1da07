import { defineRule } from '../rule.ts';

export default defineRule({
  id: 'BK003',
  name: 'no-empty-continuation',
  aliases: ['NoEmptyContinuation'],
  severity: 'warning',
  platform: 'any',
  description: 'Empty continuation lines will become errors in a future release',
  url: 'https://docs.docker.com/go/dockerfile/rule/no-empty-continuation/',
  docs: {
    summary: 'No blank line inside a continued instruction',
    why: 'A blank line inside an instruction is skipped today and will end the instruction in a future release.',
  },
  cases: {
    good: ['FROM scratch\nRUN a \\\n  b\n'],
    bad: [{ text: 'FROM scratch\nRUN a \\\n\n  b\n', lines: [4] }],
  },
  check({ file, report }) {
    for (const warning of file.dockerfile.tree.warnings) {
      report({ message: 'Empty continuation line', range: warning.range, line: warning.line });
    }
  },
});
