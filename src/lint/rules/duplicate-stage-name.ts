import { defineRule } from '../rule.ts';

export default defineRule({
  id: 'BK005',
  name: 'duplicate-stage-name',
  aliases: ['DuplicateStageName', 'DL3024'],
  severity: 'warning',
  platform: 'any',
  description: 'Stage names should be unique',
  url: 'https://docs.docker.com/go/dockerfile/rule/duplicate-stage-name/',
  docs: {
    summary: 'Stage names should be unique',
    why: 'COPY --from and FROM mean the last stage of that name, the earlier one cannot be reached by it.',
  },
  cases: {
    good: ['FROM scratch AS a\nFROM scratch AS b\n'],
    bad: [{ text: 'FROM scratch AS a\nFROM scratch AS A\n', lines: [2] }],
  },
  check({ file, report }) {
    const seen = new Set<string>();
    for (const { name, from } of file.stages) {
      if (name !== '' && seen.has(name)) {
        report({
          message: `Duplicate stage name "${name}", stage names should be unique`,
          range: (from.stageName ?? from.image).range(),
          line: from.node.lines[0],
        });
      }
      seen.add(name);
    }
  },
});
