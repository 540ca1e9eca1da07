import { variableUses } from '../../dockerfile/expand.ts';
import type { MappedText } from '../../dockerfile/mapped-text.ts';
import { didYouMean } from '../../dockerfile/suggest.ts';
import { platformArgs } from '../platform-args.ts';
import { defineRule } from '../rule.ts';

export default defineRule({
  id: 'BK009',
  name: 'undefined-arg-in-from',
  aliases: ['UndefinedArgInFrom'],
  severity: 'warning',
  platform: 'any',
  description: 'FROM command must use declared ARGs',
  url: 'https://docs.docker.com/go/dockerfile/rule/undefined-arg-in-from/',
  docs: {
    summary: 'FROM may use only arguments declared before the first FROM',
    why: 'An argument that is not declared expands to nothing, and the image name becomes another one.',
  },
  cases: {
    good: ['ARG TAG=3\nFROM alpine:$TAG\n', 'FROM --platform=$BUILDPLATFORM alpine:3\n'],
    bad: [
      { text: 'FROM alpine:$TAG\n', lines: [1] },
      { text: 'FROM --platform=$BULIDPLATFORM alpine:3\n', lines: [1] },
    ],
  },
  check({ file, report }) {
    const { globalArgs, tree } = file.dockerfile;
    let known: ReadonlySet<string> | undefined;
    for (const { from } of file.stages) {
      const seen = new Set<string>();
      const words = [from.image, from.platform].filter((word): word is MappedText => word !== undefined);
      for (const word of words) {
        for (const use of variableUses(word.text, tree.escape)) {
          known ??= new Set([
            ...globalArgs.flatMap(({ args }) => args.map(({ name }) => name.text)),
            ...platformArgs,
          ]);
          if (known.has(use.name) || seen.has(use.name)) continue;
          seen.add(use.name);
          report({
            message: `FROM argument '${use.name}' is not declared${didYouMean(use.name, [...known])}`,
            range: word.range(use.start, use.end),
            line: from.node.lines[0],
          });
        }
      }
    }
  },
});
