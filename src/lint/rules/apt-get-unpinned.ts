import { defineRule } from '../rule.ts';
import { aptGet, isComputed, nameSome, toolCalls } from '../shell/package-managers.ts';
import { rangeIn } from '../shell/steps.ts';

export default defineRule({
  id: 'DL3008',
  name: 'apt-get-unpinned',
  severity: 'warning',
  platform: 'linux',
  instructions: ['run', 'onbuild'],
  onbuild: true,
  docs: {
    summary: 'apt-get install should name versions',
    why: 'Without one, the same Dockerfile installs something else next month, and the build cache hides when.',
  },
  cases: {
    good: [
      'FROM debian:12\nRUN apt-get install -y -t bookworm-backports curl=7.88.* ./tool.deb $PACKAGES\n',
      'FROM debian:12\nRUN if a; then P=curl; else P=git=1; fi; apt-get install -y $P\n',
      'FROM debian:12\nRUN apt-get install -y git/bookworm-backports\n',
    ],
    bad: [
      { text: 'FROM debian:12\nENV MORE="curl git=1"\nRUN apt-get install -y $MORE\n', lines: [3] },
      { text: 'FROM debian:12\nRUN PACKAGES="curl git" && apt-get install -y ${PACKAGES}\n', lines: [2] },
      { text: 'FROM debian:12\nRUN apt-get update && apt-get install -y curl git=1:2.*\n', lines: [2] },
      { text: 'FROM debian:12\nRUN <<EOF\napt-get update\napt-get install -y curl\nEOF\n', lines: [4] },
    ],
  },
  stage(stage, { file, report }) {
    for (const { call, verb, rest } of toolCalls(stage, file, aptGet)) {
      if (verb !== 'install') continue;
      const loose = rest.filter((word) => !isComputed(word) && !/[=/]|\.deb$/.test(word.value));
      if (loose[0] === undefined) continue;
      report({
        message: `no version for ${nameSome(loose)}: write ${loose[0].value}=<version>`,
        range: rangeIn(call.step, loose[0]),
      });
    }
  },
});
