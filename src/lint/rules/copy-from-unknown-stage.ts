import { defineRule } from '../rule.ts';

export default defineRule({
  id: 'DL3022',
  name: 'copy-from-unknown-stage',
  severity: 'warning',
  platform: 'any',
  docs: {
    summary: 'COPY --from should name an earlier stage',
    why: "A name that no earlier stage has is taken for an image and pulled: a typing error becomes a download of somebody's image.",
  },
  cases: {
    good: [
      'FROM scratch AS Build\nFROM scratch\nCOPY --from=build /a /a\nCOPY --from=0 /a /a\n',
      'FROM scratch\nCOPY --from=nginx:1.27 /a /a\nCOPY --from=example.com/a/b /a /a\n',
    ],
    bad: [
      { text: 'FROM scratch AS build\nFROM scratch\nCOPY --from=biuld /a /a\n', lines: [3] },
      { text: 'FROM scratch\nCOPY --from=1 /a /a\nFROM scratch\n', lines: [2] },
    ],
  },
  stage(stage, { file, report }) {
    const earlier = file.stages.slice(0, stage.index);
    for (const { instruction } of stage.instructions) {
      if (instruction.kind !== 'copy' || instruction.from === undefined) continue;
      const name = instruction.from.text.toLowerCase();
      if (/[:@/$]/.test(name) || name === '' || name === stage.name || name === String(stage.index)) continue;
      if (earlier.some((one) => one.name === name) || (/^\d+$/.test(name) && Number(name) < stage.index))
        continue;
      report({
        message: `no earlier stage is called "${instruction.from.text}", so an image of that name is pulled`,
        range: instruction.from.range(),
      });
    }
  },
});
