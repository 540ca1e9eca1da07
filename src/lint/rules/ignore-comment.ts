import { defineRule } from '../rule.ts';
import { commentsOf } from '../suppressions.ts';

export default defineRule({
  id: 'DL1001',
  name: 'ignore-comment',
  severity: 'info',
  platform: 'any',
  optIn: true,
  docs: {
    summary: 'No ignore comments',
    why: 'For projects that keep all exceptions in the configuration file. Off unless asked for.',
  },
  cases: {
    good: ['# hadolint shell=powershell\n# a\nFROM scratch\n'],
    bad: [
      { text: '# hadolint ignore=DL3006\nFROM scratch\n# porthole ignore=PW001\nCMD ["a"]\n', lines: [1, 3] },
    ],
  },
  check({ file, report }) {
    for (const comment of commentsOf(file.dockerfile.tree)) {
      if (!/^(hadolint|porthole)\s+((global|stage)\s+)?ignore\s*=/i.test(comment.text)) continue;
      report({ message: 'ignore rules in the configuration, not in comments', range: comment.range });
    }
  },
});
