import { defineRule } from '../rule.ts';

const secret = /(?:^|_)(?:apikey|auth|credential|credentials|key|password|pword|passwd|secret|token)(?:_|$)/i;
const harmless = /(?:^|_)(?:public|file|version)(?:_|$)/i;

export default defineRule({
  id: 'BK016',
  name: 'secrets-used-in-arg-or-env',
  aliases: ['SecretsUsedInArgOrEnv'],
  severity: 'warning',
  platform: 'any',
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
        if (!secret.test(name.text) || harmless.test(name.text)) continue;
        report({
          message: `Do not use ARG or ENV instructions for sensitive data (${instruction.kind.toUpperCase()} "${name.text}")`,
          range: name.range(),
          line: instruction.node.lines[0],
        });
      }
    }
  },
});
