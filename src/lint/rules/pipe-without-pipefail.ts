import { defineRule } from '../rule.ts';
import { posixSteps } from '../shell/steps.ts';

export default defineRule({
  id: 'DL4006',
  name: 'pipe-without-pipefail',
  severity: 'warning',
  platform: 'linux',
  instructions: ['run', 'onbuild'],
  docs: {
    summary: 'A pipe hides failures without pipefail',
    why: 'Only the last program of a pipe decides: when the download before it fails, the step goes on with half a file. Set SHELL ["/bin/bash", "-o", "pipefail", "-c"] (Alpine: /bin/ash -eo pipefail -c), or begin the step with set -o pipefail.',
  },
  cases: {
    good: [
      'FROM debian:12\nSHELL ["/bin/bash", "-o", "pipefail", "-c"]\nRUN curl -f https://example.com/a | sh\n',
      'FROM alpine:3.20\nRUN set -eo pipefail; curl -f https://example.com/a | sh\n',
      'FROM debian:12\nRUN a || b; case x in a|b) c;; esac; echo "|"\n',
    ],
    bad: [
      { text: 'FROM debian:12\nRUN curl -f https://example.com/a | sh\n', lines: [2] },
      { text: 'FROM debian:12\nRUN a | b; set -o pipefail\n', lines: [2] },
    ],
  },
  stage(stage, { file, report }) {
    for (const step of posixSteps(stage, file)) {
      if (step.onbuild || step.context.shell.words.some((word) => word.includes('pipefail'))) continue;
      const pipe = step.operators.find(({ text }) => text === '|' || text === '|&');
      if (pipe === undefined) continue;
      const set = step.commands.some(
        ({ words, start }) =>
          start < pipe.start && words[0]?.value === 'set' && words.some(({ value }) => value === 'pipefail'),
      );
      if (set) continue;
      report({
        message: 'a failure before this pipe is lost: set the shell option pipefail',
        range: step.text.range(pipe.start, pipe.start + pipe.text.length),
      });
    }
  },
});
