import { defineRule } from '../rule.ts';

export default defineRule({
  id: 'DL3043',
  name: 'onbuild-of-forbidden-instruction',
  severity: 'error',
  platform: 'any',
  coveredBy: ['PH001'],
  docs: {
    summary: 'ONBUILD cannot hold FROM, MAINTAINER or ONBUILD',
    why: 'The builder refuses them.',
  },
  cases: {
    good: ['FROM scratch\nONBUILD COPY a /a\nMAINTAINER a\n'],
    bad: [
      {
        text: 'FROM scratch\nONBUILD FROM a\nONBUILD maintainer b\nONBUILD ONBUILD RUN c\n',
        lines: [2, 3, 4],
      },
    ],
  },
  check({ file, report }) {
    for (const node of file.dockerfile.tree.instructions) {
      const inner = node.name === 'onbuild' ? /^\w+/.exec(node.rest.text)?.[0].toUpperCase() : undefined;
      if (inner === undefined || !/^(FROM|MAINTAINER|ONBUILD)$/.test(inner)) continue;
      report({ message: `ONBUILD cannot hold ${inner}`, range: node.rest.range(0, inner.length) });
    }
  },
});
