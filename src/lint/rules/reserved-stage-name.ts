import { defineRule } from '../rule.ts';

export default defineRule({
  id: 'BK006',
  name: 'reserved-stage-name',
  aliases: ['ReservedStageName', 'DL3063'],
  severity: 'warning',
  platform: 'any',
  description: 'Reserved words should not be used as stage names',
  url: 'https://docs.docker.com/go/dockerfile/rule/reserved-stage-name/',
  docs: {
    summary: 'Stages should not be named scratch or context',
    why: 'FROM scratch and the context of named contexts mean something else.',
  },
  cases: {
    good: ['FROM alpine:3 AS base\n'],
    bad: [
      { text: 'FROM alpine:3 AS scratch\n', lines: [1] },
      { text: 'FROM alpine:3 AS context\n', lines: [1] },
    ],
  },
  stage({ name, from }, { report }) {
    if (name !== 'scratch' && name !== 'context') return;
    report({
      message: `Stage name should not use the same name as reserved stage "${name}"`,
      range: (from.stageName ?? from.image).range(),
      line: from.node.lines[0],
    });
  },
});
