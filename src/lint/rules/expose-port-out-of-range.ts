import { isAboveLastPort } from '../last-port.ts';
import { defineRule } from '../rule.ts';
import { instructionsOf } from '../stage-instructions.ts';

export default defineRule({
  id: 'DL3011',
  name: 'expose-port-out-of-range',
  severity: 'error',
  platform: 'any',
  instructions: ['expose'],
  docs: {
    summary: 'Ports end at 65535',
    why: 'There is no such port; the builder refuses it, or whoever publishes it later.',
  },
  cases: {
    good: ['FROM scratch\nEXPOSE 0 80/tcp 65535/udp $PORT 8000-8010\n'],
    bad: [{ text: 'FROM scratch\nEXPOSE 80 80000 40000-70000/tcp\n', lines: [2, 2] }],
  },
  stage(stage, { report }) {
    for (const { instruction } of instructionsOf(stage, 'expose')) {
      for (const port of instruction.ports) {
        if (isAboveLastPort(port.text))
          report({ message: `port "${port.text}" is above 65535`, range: port.range() });
      }
    }
  },
});
