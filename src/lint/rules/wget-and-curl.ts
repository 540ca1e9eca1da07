import { defineRule } from '../rule.ts';
import { namedPosixCalls, rangeIn } from '../shell/steps.ts';

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
    const places = { wget: rangeIn(wget.step, wget.name), curl: rangeIn(curl.step, curl.name) };
    const [first, other] =
      places.wget.start < places.curl.start ? (['wget', 'curl'] as const) : (['curl', 'wget'] as const);
    report({ message: `this stage uses ${first} already: one of both is enough`, range: places[other] });
  },
});
