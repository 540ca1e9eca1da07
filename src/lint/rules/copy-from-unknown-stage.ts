import { copiesFrom } from '../copies-from.ts';
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
  check({ file, report }) {
    for (const { from, name, stage, earlier } of copiesFrom(file)) {
      if (/[:@/$]/.test(name) || name === stage.name || earlier.has(name)) continue;
      if (/^\d+$/.test(name) && Number(name) <= stage.index) continue;
      report({
        message: `no earlier stage is called "${from.text}", so an image of that name is pulled`,
        range: from.range(),
      });
    }
  },
});
