import { finalStages } from '../final-stages.ts';
import { defineRule } from '../rule.ts';

export default defineRule({
  id: 'DL3057',
  name: 'healthcheck-missing',
  severity: 'info',
  platform: 'any',
  optIn: true,
  docs: {
    summary: 'No HEALTHCHECK',
    why: 'Without one, a container whose program hangs counts as running. Off unless asked for: orchestrators bring checks of their own.',
  },
  cases: {
    good: ['FROM scratch AS a\nHEALTHCHECK CMD ["a"]\nFROM a\n', 'FROM scratch\nHEALTHCHECK NONE\n'],
    bad: [{ text: 'FROM scratch AS a\nHEALTHCHECK CMD ["a"]\nFROM scratch\n', lines: [3] }],
  },
  check({ file, report }) {
    const last = file.stages.at(-1);
    const kept = finalStages(file);
    const has = file.stages.some(
      ({ index, instructions }) =>
        kept.has(index) && instructions.some(({ instruction }) => instruction.kind === 'healthcheck'),
    );
    if (last === undefined || has) return;
    report({ message: 'the image has no HEALTHCHECK', range: last.from.image.range() });
  },
});
