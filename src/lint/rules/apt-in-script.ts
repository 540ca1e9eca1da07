import { defineRule } from '../rule.ts';
import { apt, readTool } from '../shell/package-managers.ts';
import { namedPosixCalls, rangeIn } from '../shell/steps.ts';

/** Words that apt-get has with the same meaning. */
const same = /^(install|update|remove|purge|autoremove|clean|autoclean|download|source)$/;

export default defineRule({
  id: 'DL3027',
  name: 'apt-in-script',
  severity: 'warning',
  platform: 'linux',
  instructions: ['run', 'onbuild'],
  onbuild: true,
  docs: {
    summary: 'apt is for people: use apt-get or apt-cache',
    why: 'apt says itself that its command line is not stable; options and output change between releases.',
  },
  cases: {
    good: ['FROM debian:12\nRUN apt-get update\n', 'FROM debian:12\nRUN echo apt install\n'],
    bad: [
      {
        text: 'FROM debian:12\nRUN apt update && apt install -y curl\n',
        lines: [2, 2],
        fixed: 'FROM debian:12\nRUN apt-get update && apt-get install -y curl\n',
      },
      { text: 'FROM debian:12\nRUN apt list --installed\n', lines: [2] },
    ],
  },
  stage(stage, { file, report }) {
    for (const call of namedPosixCalls(stage, file, 'apt')) {
      const range = rangeIn(call.step, call.name);
      const plain = call.name.text === 'apt' && same.test(readTool(call, apt)?.verb ?? '');
      report({
        message: 'apt has no stable command line: use apt-get or apt-cache',
        range,
        ...(plain ? { fix: { title: 'Use apt-get', edits: [{ range, text: 'apt-get' }] } } : {}),
      });
    }
  },
});
