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
    const earlier = new Set<string>();
    for (const { index, name: own, instructions } of file.stages) {
      for (const { instruction } of instructions) {
        if (instruction.kind !== 'copy' || instruction.from === undefined) continue;
        const name = instruction.from.text.toLowerCase();
        if (name === '' || (name !== own && name !== String(index)) || earlier.has(name)) continue;
        report({ message: 'COPY --from names the stage that it is in', range: instruction.from.range() });
      }
      earlier.add(own);
    }
  },
});
