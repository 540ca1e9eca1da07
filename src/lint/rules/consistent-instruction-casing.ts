import { defineRule } from '../rule.ts';

export default defineRule({
  id: 'BK004',
  name: 'consistent-instruction-casing',
  aliases: ['ConsistentInstructionCasing'],
  severity: 'warning',
  platform: 'any',
  description: 'All commands within the Dockerfile should use the same casing (either upper or lower)',
  url: 'https://docs.docker.com/go/dockerfile/rule/consistent-instruction-casing/',
  docs: {
    summary: 'Write all instructions in one case',
    why: 'Mixed spellings make instructions hard to see.',
  },
  cases: {
    good: ['FROM scratch\nCOPY a b\n', 'from scratch\ncopy a b\n'],
    bad: [
      { text: 'FROM scratch\ncopy a b\nCOPY a c\n', lines: [2], fixed: 'FROM scratch\nCOPY a b\nCOPY a c\n' },
    ],
  },
  check({ file, report }) {
    const keywords = file.dockerfile.tree.instructions.map((node) => ({ keyword: node.keyword, node }));
    const isUpper = (text: string): boolean => text === text.toUpperCase();
    const isLower = (text: string): boolean => text === text.toLowerCase();
    const lower = keywords.filter(({ keyword }) => isLower(keyword.text)).length;
    const upper = keywords.filter(({ keyword }) => isUpper(keyword.text)).length;
    const wanted = lower > upper ? 'lowercase' : 'uppercase';
    for (const { keyword, node } of keywords) {
      if (wanted === 'lowercase' ? isLower(keyword.text) : isUpper(keyword.text)) continue;
      const text = wanted === 'lowercase' ? keyword.text.toLowerCase() : keyword.text.toUpperCase();
      report({
        message: `Command '${keyword.text}' should match the case of the command majority (${wanted})`,
        range: keyword.range(),
        line: node.lines[0],
        fix: { title: `Write ${text}`, edits: [{ range: keyword.range(), text }] },
      });
    }
  },
});
