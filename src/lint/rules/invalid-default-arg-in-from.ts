import { referenceProblem } from '../../image/reference.ts';
import { expandLenient } from '../build-model.ts';
import { platformArgs } from '../platform-args.ts';
import { defineRule } from '../rule.ts';

export default defineRule({
  id: 'BK017',
  name: 'invalid-default-arg-in-from',
  aliases: ['InvalidDefaultArgInFrom'],
  severity: 'warning',
  platform: 'any',
  description: 'Default value for global ARG results in an empty or invalid base image name',
  url: 'https://docs.docker.com/go/dockerfile/rule/invalid-default-arg-in-from/',
  docs: {
    summary: 'With only their defaults, arguments in FROM should give a valid image',
    why: 'A build without --build-arg fails, although the file says that the argument is optional.',
  },
  cases: {
    good: [
      'ARG TAG=3\nFROM alpine:$TAG\n',
      'ARG VARIANT\nFROM busybox:stable$VARIANT\n',
      'ARG A=a\nFROM [::1]:5000/$A\n',
    ],
    bad: [
      { text: 'ARG TAG\nFROM alpine:$TAG\n', lines: [2] },
      { text: 'ARG IMAGE\nFROM ${IMAGE}\n', lines: [2] },
      { text: 'ARG DIGEST=abc\nFROM alpine@sha256:$DIGEST\n', lines: [2] },
    ],
  },
  check({ file, report }) {
    const { globalArgs, tree } = file.dockerfile;
    const defaults = new Map<string, string | undefined>();
    for (const { name, value } of globalArgs.flatMap(({ args }) => args)) {
      const text =
        value === undefined ? '' : expandLenient(value.text, tree.escape, (key) => defaults.get(key)).text;
      defaults.set(name.text, text);
    }
    for (const { from } of file.stages) {
      const word = from.image.text;
      if (!word.includes('$')) continue;
      const names = [...word.matchAll(/\$\{?(\w+)/g)].map((match) => match[1] ?? '');
      // Platform arguments have values that only a build knows.
      if (names.some((name) => platformArgs.includes(name))) continue;
      const { text } = expandLenient(word, tree.escape, (key) => defaults.get(key) ?? '');
      if (referenceProblem(text) === undefined) continue;
      report({
        message: `Default value for ARG ${word} results in empty or invalid base image name`,
        range: from.image.range(),
        line: from.node.lines[0],
      });
    }
  },
});
