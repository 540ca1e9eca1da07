import { defineRule } from '../rule.ts';
import { hasOption } from '../shell/options.ts';
import { apk, toolCalls } from '../shell/package-managers.ts';
import { mountsOver, rangeIn } from '../shell/steps.ts';

export default defineRule({
  id: 'DL3019',
  name: 'apk-cache-left',
  severity: 'info',
  platform: 'linux',
  instructions: ['run', 'onbuild'],
  onbuild: true,
  docs: {
    summary: 'apk add needs --no-cache',
    why: 'It fetches a fresh index and keeps nothing, so neither --update nor removing /var/cache/apk is needed.',
  },
  cases: {
    good: [
      'FROM alpine:3.20\nRUN apk add --no-cache git=2\n',
      'FROM alpine:3.20\nRUN --mount=type=cache,target=/var/cache/apk apk add -U git=2\n',
    ],
    bad: [
      {
        text: 'FROM alpine:3.20\nRUN apk add -U git=2\n',
        lines: [2],
        fixed: 'FROM alpine:3.20\nRUN apk add --no-cache -U git=2\n',
      },
    ],
  },
  stage(stage, { file, report }) {
    for (const read of toolCalls(stage, file, apk)) {
      const { call, verb, verbWord } = read;
      if (verb !== 'add' || verbWord === undefined || hasOption(read, '--no-cache')) continue;
      if (mountsOver(call.step.run, '/var/cache/apk', '/etc/apk/cache')) continue;
      const { end } = rangeIn(call.step, verbWord);
      report({
        message: 'apk keeps its index in this layer: add --no-cache',
        range: rangeIn(call.step, verbWord),
        fix: { title: 'Add --no-cache', edits: [{ range: { start: end, end }, text: ' --no-cache' }] },
      });
    }
  },
});
