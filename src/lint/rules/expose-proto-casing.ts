import { defineRule } from '../rule.ts';
import { instructionsOf } from '../stage-instructions.ts';

export default defineRule({
  id: 'BK021',
  name: 'expose-proto-casing',
  aliases: ['ExposeProtoCasing'],
  severity: 'warning',
  platform: 'any',
  instructions: ['expose'],
  description: 'Protocol in EXPOSE instruction should be lowercase',
  url: 'https://docs.docker.com/go/dockerfile/rule/expose-proto-casing/',
  docs: {
    summary: 'EXPOSE protocols should be lower case',
    why: 'Other tools compare the protocol as text.',
  },
  cases: {
    good: ['FROM scratch\nEXPOSE 80/tcp 90\n'],
    bad: [{ text: 'FROM scratch\nEXPOSE 80/TcP\n', lines: [2], fixed: 'FROM scratch\nEXPOSE 80/tcp\n' }],
  },
  stage(stage, { report }) {
    for (const { instruction } of instructionsOf(stage, 'expose')) {
      for (const port of instruction.ports) {
        const slash = port.text.lastIndexOf('/');
        const protocol = port.text.slice(slash + 1);
        if (slash < 0 || protocol === protocol.toLowerCase()) continue;
        report({
          message: `Defined protocol '${port.text}' in EXPOSE instruction should be lowercase`,
          range: port.range(),
          line: instruction.node.lines[0],
          fix: {
            title: 'Write the protocol in lower case',
            edits: [{ range: port.range(slash + 1), text: protocol.toLowerCase() }],
          },
        });
      }
    }
  },
});
