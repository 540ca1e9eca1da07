import { defineRule } from '../rule.ts';
import { posixCalls, rangeIn } from '../shell/steps.ts';

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
    const calls = posixCalls(stage, file).filter(({ program }) => program === 'wget' || program === 'curl');
    const [first] = calls;
    const other = calls.find(({ program }) => program !== first?.program);
    if (first === undefined || other === undefined) return;
    report({
      message: `this stage uses ${first.program} already: one of both is enough`,
      range: rangeIn(other.step, other.name),
    });
  },
});
