import { defineRule } from '../rule.ts';
import { isSecretName } from '../secret-names.ts';

export default defineRule({
  id: 'BK016',
  name: 'secrets-used-in-arg-or-env',
  aliases: ['SecretsUsedInArgOrEnv', 'DL3064'],
  severity: 'warning',
  platform: 'any',
  instructions: ['env', 'arg'],
  description: 'Sensitive data should not be used in the ARG or ENV commands',
  url: 'https://docs.docker.com/go/dockerfile/rule/secrets-used-in-arg-or-env/',
  docs: {
    summary: 'No secrets in ARG or ENV',
    why: 'Both are stored in the image and its history, for everybody who can pull it.',
  },
  cases: {
    good: ['FROM scratch\nENV PASSWORD_FILE=/run/p\nARG PUBLIC_TOKEN\n'],
    bad: [{ text: 'FROM scratch\nENV PASSWORD=x\nARG api_token\n', lines: [2, 3] }],
  },
  stage(stage, { report }) {
    for (const { instruction } of stage.instructions) {
      const names =
        instruction.kind === 'env'
          ? instruction.pairs.map(({ key }) => key)
          : instruction.kind === 'arg'
            ? instruction.args.map(({ name }) => name)
            : [];
      for (const name of names) {
        if (!isSecretName(name.text)) continue;
        report({
          message: `Do not use ARG or ENV instructions for sensitive data (${instruction.kind.toUpperCase()} "${name.text}")`,
          range: name.range(),
          line: instruction.node.lines[0],
        });
      }
    }
  },
});
