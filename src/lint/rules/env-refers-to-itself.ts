import { variableUses } from '../../dockerfile/expand.ts';
import { variableKey } from '../../dockerfile/variables.ts';
import { defineRule } from '../rule.ts';
import { instructionsOf } from '../stage-instructions.ts';

export default defineRule({
  id: 'DL3044',
  name: 'env-refers-to-itself',
  severity: 'error',
  platform: 'any',
  instructions: ['env'],
  docs: {
    summary: 'ENV cannot use a variable that the same instruction sets',
    why: 'All values are expanded with the variables from before the instruction: the old value is taken, or none.',
    windows: 'Names that differ only in case are one variable.',
  },
  cases: {
    good: ['FROM scratch\nENV A=1\nENV B=$A PATH=/x:$PATH\n', "FROM scratch\nENV A=1 B=\\$A C='$A'\n"],
    bad: [
      { text: 'FROM scratch\nENV A=1 B="${A}/b"\n', lines: [2] },
      { text: 'FROM mcr.microsoft.com/windows/nanoserver:ltsc2022\nENV Tool=1 B=${TOOL}/b\n', lines: [2] },
    ],
  },
  stage(stage, { file, report }) {
    const { escape } = file.dockerfile.tree;
    for (const { instruction } of instructionsOf(stage, 'env')) {
      const set = new Set<string>();
      for (const { key, value } of instruction.pairs) {
        const used = variableUses(value.text, escape).find(({ name }) =>
          set.has(variableKey(name, stage.platform)),
        );
        if (used !== undefined) {
          report({
            message: `$${used.name} is set by this very instruction, so it has its old value here`,
            range: value.range(),
          });
        }
        set.add(variableKey(key.text, stage.platform));
      }
    }
  },
});
