import { defineRule } from '../rule.ts';
import { instructionsOf } from '../stage-instructions.ts';

export default defineRule({
  id: 'BK022',
  name: 'expose-invalid-format',
  aliases: ['ExposeInvalidFormat'],
  severity: 'warning',
  platform: 'any',
  instructions: ['expose'],
  description:
    'IP address and host-port mapping should not be used in EXPOSE instruction. This will become an error in a future release',
  url: 'https://docs.docker.com/go/dockerfile/rule/expose-invalid-format/',
  docs: {
    summary: 'EXPOSE takes container ports only',
    why: 'Where a port is published is decided when the container runs.',
  },
  cases: {
    good: ['FROM scratch\nEXPOSE 80 90-95/udp\n'],
    bad: [
      { text: 'FROM scratch\nEXPOSE 127.0.0.1:80:80\n', lines: [2] },
      { text: 'FROM scratch\nEXPOSE 5000:5000\n', lines: [2] },
    ],
  },
  stage(stage, { report }) {
    for (const { instruction } of instructionsOf(stage, 'expose')) {
      for (const port of instruction.ports) {
        if (!port.text.includes(':') || port.text.includes('$')) continue;
        report({
          message: `EXPOSE instruction should not define an IP address or host-port mapping, found '${port.text}'`,
          range: port.range(),
          line: instruction.node.lines[0],
        });
      }
    }
  },
});
