import type { InstructionNode } from '../../dockerfile/tree.ts';
import { defineRule } from '../rule.ts';

export default defineRule({
  id: 'BK020',
  name: 'invalid-definition-description',
  aliases: ['InvalidDefinitionDescription'],
  severity: 'warning',
  platform: 'any',
  optIn: true,
  description:
    'Comment for build stage or argument should follow the format: `# <arg/stage name> <description>`. If this is not intended to be a description comment, add an empty line or comment between the instruction and the comment.',
  url: 'https://docs.docker.com/go/dockerfile/rule/invalid-definition-description/',
  docs: {
    summary: 'A comment above ARG or a named FROM should begin with the name',
    why: 'Such comments are shown as descriptions of arguments and targets. Experimental: off unless asked for.',
  },
  cases: {
    good: [
      '# A says what\nARG A=1\n\n# a is the base\nFROM scratch AS a\n# B is one of two\nARG A=1 B=2\n',
      '# anything\n\nARG A=1\n# anything\nFROM scratch\n',
    ],
    bad: [
      {
        text: '# anything\nARG A=1\n# Base is the base\nFROM scratch AS base\n# anything\nARG A=1 B=2\n',
        lines: [2, 4, 6],
      },
    ],
  },
  check({ file, report }) {
    const check = (
      kind: 'ARG' | 'FROM',
      names: readonly string[],
      { comments, range, lines }: InstructionNode,
    ): void => {
      const comment = comments.at(-1);
      if (comment === undefined || comment.directive !== undefined || names.length === 0) return;
      if (names.includes(comment.text.split(' ')[0] ?? '')) return;
      const name = names.length > 1 ? '<arg_key>' : names[0]!;
      report({
        message: `Comment for ${kind} should follow the format: \`# ${name} <description>\``,
        range,
        line: lines[0],
      });
    };
    for (const { args, node } of file.dockerfile.globalArgs)
      check(
        'ARG',
        args.map(({ name }) => name.text),
        node,
      );
    for (const { from, name, instructions } of file.stages) {
      check('FROM', name === '' ? [] : [name], from.node);
      for (const { instruction } of instructions) {
        if (instruction.kind !== 'arg') continue;
        check(
          'ARG',
          instruction.args.map((arg) => arg.name.text),
          instruction.node,
        );
      }
    }
  },
});
