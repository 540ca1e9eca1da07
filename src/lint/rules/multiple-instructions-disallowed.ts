import type { InstructionNode } from '../../dockerfile/tree.ts';
import { defineRule } from '../rule.ts';

/** hadolint has one rule for each, and reports the later instruction. */
const codes = { cmd: 'DL4003', entrypoint: 'DL4004', healthcheck: 'DL3012' } as const;

export default defineRule({
  id: 'BK012',
  name: 'multiple-instructions-disallowed',
  aliases: ['MultipleInstructionsDisallowed', 'DL4003', 'DL4004', 'DL3012'],
  parts: ['DL4003', 'DL4004', 'DL3012'],
  severity: 'warning',
  platform: 'any',
  instructions: ['cmd', 'entrypoint', 'healthcheck'],
  description: 'Multiple instructions of the same type should not be used in the same stage',
  url: 'https://docs.docker.com/go/dockerfile/rule/multiple-instructions-disallowed/',
  docs: {
    summary: 'Only the last CMD, ENTRYPOINT and HEALTHCHECK of a stage counts',
    why: 'The earlier one is dead text that misleads readers.',
  },
  cases: {
    good: ['FROM scratch\nCMD ["a"]\nENTRYPOINT ["b"]\n'],
    bad: [{ text: 'FROM scratch\nCMD ["a"]\nCMD ["b"]\n', lines: [2] }],
  },
  stage(stage, { report }) {
    const last = new Map<string, InstructionNode>();
    for (const { instruction } of stage.instructions) {
      const { kind, node } = instruction;
      if (kind !== 'cmd' && kind !== 'entrypoint' && kind !== 'healthcheck') continue;
      const earlier = last.get(kind);
      if (earlier !== undefined) {
        report({
          message: `Multiple ${kind.toUpperCase()} instructions should not be used in the same stage because only the last one will be used`,
          range: earlier.range,
          line: earlier.lines[0],
          alsoAt: [node.lines[0]],
          alias: codes[kind],
        });
      }
      last.set(kind, node);
    }
  },
});
