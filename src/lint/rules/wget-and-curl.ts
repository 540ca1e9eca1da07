import { defineRule } from '../rule.ts';
import { namedPosixCalls, rangeIn, type Call } from '../shell/steps.ts';

export default defineRule({
  id: 'DL4001',
  name: 'wget-and-curl',
  severity: 'warning',
  platform: 'linux',
  instructions: ['run', 'onbuild'],
  onbuild: true,
  docs: {
    summary: 'One of wget and curl is enough',
    why: 'Both do the same here, and each has to be installed and kept up to date.',
  },
  cases: {
    good: [
      'FROM debian:12\nRUN curl -O https://example.com/a\nRUN apt-get install -y wget\n',
      'FROM debian:12\nRUN curl -O https://example.com/a\nFROM debian:12\nRUN wget -q https://example.com/a\n',
    ],
    bad: [
      {
        text: 'FROM debian:12\nRUN wget -q https://example.com/a\nRUN curl -O https://example.com/b\nRUN curl -O c\n',
        lines: [3],
      },
    ],
  },
  stage(stage, { file, report }) {
    const [wget] = namedPosixCalls(stage, file, 'wget');
    const [curl] = namedPosixCalls(stage, file, 'curl');
    if (wget === undefined || curl === undefined) return;
    const startOf = ({ step, name }: Call): number => rangeIn(step, name).start;
    const [first, other] = startOf(wget) < startOf(curl) ? [wget, curl] : [curl, wget];
    report({
      message: `this stage uses ${first.program} already: one of both is enough`,
      range: rangeIn(other.step, other.name),
    });
  },
});
