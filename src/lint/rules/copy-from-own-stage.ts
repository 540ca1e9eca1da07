import { copiesFrom } from '../copies-from.ts';
import { defineRule } from '../rule.ts';

export default defineRule({
  id: 'DL3023',
  name: 'copy-from-own-stage',
  severity: 'error',
  platform: 'any',
  docs: {
    summary: 'COPY --from cannot name its own stage',
    why: 'The stage is not finished: the builder looks for an image of that name instead.',
  },
  cases: {
    good: ['FROM scratch AS a\nFROM scratch AS b\nCOPY --from=a /x /x\n'],
    bad: [
      { text: 'FROM scratch AS a\nCOPY --from=A /x /x\n', lines: [2] },
      { text: 'FROM scratch\nCOPY --from=0 /x /x\n', lines: [2] },
    ],
  },
  check({ file, report }) {
    for (const { from, name, stage, earlier } of copiesFrom(file)) {
      if ((name !== stage.name && name !== String(stage.index)) || earlier.has(name)) continue;
      report({ message: 'COPY --from names the stage that it is in', range: from.range() });
    }
  },
});
