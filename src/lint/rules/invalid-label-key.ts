import { labelsOf } from '../labels.ts';
import { defineRule } from '../rule.ts';

export default defineRule({
  id: 'DL3048',
  name: 'invalid-label-key',
  severity: 'style',
  platform: 'any',
  instructions: ['label'],
  docs: {
    summary: 'Label keys have lower-case letters, digits, dots, dashes, underscores and slashes',
    why: "Keys begin with a letter and end with a letter or a digit, without two dots or dashes in a row; com.docker, io.docker and org.dockerproject are Docker's own. Tools that filter by label rely on it.",
  },
  cases: {
    good: ['FROM scratch\nLABEL org.opencontainers.image.title=a "com.example.a-b"=c ${PREFIX}.x=y\n'],
    bad: [{ text: 'FROM scratch\nLABEL Title=a a..b=c io.docker.x=y a-=b\n', lines: [2, 2, 2, 2] }],
  },
  stage(stage, { report }) {
    for (const { key, pair } of labelsOf(stage)) {
      if (key.includes('${') || isValid(key)) continue;
      report({ message: `label key "${key}" is not well formed`, range: pair.key.range() });
    }
  },
});

function isValid(key: string): boolean {
  return (
    /^[a-z]([a-z0-9._/-]*[a-z0-9])?$/.test(key) &&
    !/\.\.|--/.test(key) &&
    !/^(com\.docker|io\.docker|org\.dockerproject)\./.test(key)
  );
}
