import { isInstructionName } from '../../dockerfile/node.ts';
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
    good: [
      'FROM scratch\nCOPY a b\n',
      'from scratch\ncopy a b\n',
      'FROM scratch\nRUN a\ndel b\nmove c\nren d\n',
    ],
    bad: [
      { text: 'FROM scratch\ncopy a b\nCOPY a c\n', lines: [2], fixed: 'FROM scratch\nCOPY a b\nCOPY a c\n' },
    ],
  },
  check({ file, report }) {
    const { tree, problems } = file.dockerfile;
    // Lines of a shell that fell out of their RUN are no instructions in any case.
    const instructions =
      problems.length === 0
        ? tree.instructions
        : tree.instructions.filter(({ name }) => isInstructionName(name));
    const isUpper = (text: string): boolean => text === text.toUpperCase();
    const isLower = (text: string): boolean => text === text.toLowerCase();
    const lower = instructions.filter(({ written }) => isLower(written)).length;
    const upper = instructions.filter(({ written }) => isUpper(written)).length;
    const wanted = lower > upper ? 'lowercase' : 'uppercase';
    for (const node of instructions) {
      const { written } = node;
      if (wanted === 'lowercase' ? isLower(written) : isUpper(written)) continue;
      const text = wanted === 'lowercase' ? written.toLowerCase() : written.toUpperCase();
      const range = node.keyword.range();
      report({
        message: `Command '${written}' should match the case of the command majority (${wanted})`,
        range,
        line: node.lines[0],
        fix: { title: `Write ${text}`, edits: [{ range, text }] },
      });
    }
  },
});
