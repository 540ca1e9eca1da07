import { defineRule } from '../rule.ts';
import { instructionsOf } from '../stage-instructions.ts';

export default defineRule({
  id: 'BK008',
  name: 'maintainer-deprecated',
  aliases: ['MaintainerDeprecated', 'DL4000'],
  severity: 'warning',
  platform: 'any',
  instructions: ['maintainer'],
  description: 'The MAINTAINER instruction is deprecated, use a label instead to define an image author',
  url: 'https://docs.docker.com/go/dockerfile/rule/maintainer-deprecated/',
  docs: {
    summary: 'MAINTAINER is deprecated',
    why: 'Labels can be read with inspect and hold more than one value.',
  },
  cases: {
    good: ['FROM scratch\nLABEL org.opencontainers.image.authors="a"\n'],
    bad: [{ text: 'FROM scratch\nMAINTAINER a\n', lines: [2] }],
  },
  stage(stage, { report }) {
    for (const { instruction } of instructionsOf(stage, 'maintainer')) {
      report({
        message: 'Maintainer instruction is deprecated in favor of using label',
        range: instruction.node.keyword.range(),
        line: instruction.node.lines[0],
      });
    }
  },
});
