import { defineRule } from '../rule.ts';
import { apk, isComputed, nameSome, toolCalls } from '../shell/package-managers.ts';
import { rangeIn } from '../shell/steps.ts';

export default defineRule({
  id: 'DL3018',
  name: 'apk-unpinned',
  severity: 'warning',
  platform: 'linux',
  instructions: ['run', 'onbuild'],
  onbuild: true,
  docs: {
    summary: 'apk add should name versions',
    why: 'Without one, the same Dockerfile installs something else next month, and the build cache hides when.',
  },
  cases: {
    good: ['FROM alpine:3.20\nRUN apk add --no-cache -t .build git~=2.45 "python3<3.13" ./x-1.apk $MORE\n'],
    bad: [{ text: 'FROM alpine:3.20\nRUN apk --no-cache add git~2 curl\n', lines: [2] }],
  },
  stage(stage, { file, report }) {
    for (const { call, verb, rest } of toolCalls(stage, file, apk)) {
      if (verb !== 'add') continue;
      const loose = rest.filter((word) => !isComputed(word) && !/[=<>~]|\.apk$|^!/.test(word.value));
      if (loose[0] === undefined) continue;
      report({
        message: `no version for ${nameSome(loose)}: write ${loose[0].value}=<version>`,
        range: rangeIn(call.step, loose[0]),
      });
    }
  },
});
