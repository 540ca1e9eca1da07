import { defineRule } from '../rule.ts';
import { instructionsOf } from '../stage-instructions.ts';

export default defineRule({
  id: 'DL3067',
  name: 'copy-of-whole-filesystem',
  severity: 'warning',
  platform: 'linux',
  instructions: ['copy'],
  docs: {
    summary: 'COPY --from should not take the whole file system',
    why: 'Everything of the other stage comes along, its caches and secrets too. Name the files, or build on that stage.',
    windows: 'PW043 says it for Windows stages, where the builder refuses it.',
  },
  cases: {
    good: ['FROM debian:12 AS a\nFROM scratch\nCOPY --from=a /app /\n', 'FROM scratch\nCOPY / /\n'],
    bad: [
      { text: 'FROM debian:12 AS a\nFROM scratch\nCOPY --from=a / /\nCOPY --from=a /* /x/\n', lines: [3, 4] },
    ],
  },
  stage(stage, { report }) {
    for (const { instruction } of instructionsOf(stage, 'copy')) {
      if (instruction.from === undefined) continue;
      for (const source of instruction.sources) {
        if (!/^\/+(\.\/?|\*)?$/.test(source.text.replace(/["']/g, ''))) continue;
        report({
          message: `"${source.text}" takes the whole file system: name the files`,
          range: source.range(),
        });
      }
    }
  },
});
