import { defineRule } from '../rule.ts';
import { isSecretName } from '../secret-names.ts';

export default defineRule({
  id: 'DL3064',
  name: 'secret-in-global-arg',
  severity: 'warning',
  platform: 'any',
  docs: {
    summary: 'No secrets in ARG before FROM',
    why: 'The value is on the command line of the build, and in the image as soon as a stage declares it too. Use RUN --mount=type=secret. BK016 says the same of ARG and ENV in stages.',
  },
  cases: {
    good: ['ARG VERSION\nFROM scratch\n', 'FROM scratch\nARG API_KEY\n'],
    bad: [{ text: 'ARG VERSION AWS_ACCESS_KEY_ID\nFROM scratch\n', lines: [1] }],
  },
  check({ file, report }) {
    for (const { name } of file.dockerfile.globalArgs.flatMap(({ args }) => args)) {
      if (!isSecretName(name.text)) continue;
      report({ message: `do not pass secrets as build arguments (ARG "${name.text}")`, range: name.range() });
    }
  },
});
