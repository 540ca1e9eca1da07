import type { LintFile, LintStage } from '../model.ts';
import { defineRule } from '../rule.ts';

export default defineRule({
  id: 'DL3045',
  name: 'copy-relative-without-workdir',
  severity: 'warning',
  platform: 'any',
  docs: {
    summary: 'COPY to a relative destination needs a WORKDIR',
    why: "Without one the file goes to wherever the base image's own WORKDIR is, which the next release may change.",
    windows: 'A drive letter, or a leading slash of either kind, makes a path absolute.',
  },
  cases: {
    good: [
      'FROM debian:12 AS a\nWORKDIR /app\nCOPY a b\nFROM a\nCOPY a b\n',
      'FROM debian:12\nCOPY a /b\nCOPY a $DIR/b\nCOPY a "/b"\n',
      'FROM mcr.microsoft.com/windows/nanoserver:ltsc2022\nCOPY a C:/b\nCOPY a \\b\n',
    ],
    bad: [
      { text: 'FROM debian:12\nCOPY a b\n', lines: [2] },
      { text: 'FROM debian:12 AS a\nWORKDIR /app\nFROM debian:12\nCOPY a b\n', lines: [4] },
    ],
  },
  stage(stage, { file, report }) {
    if (parents(stage, file).some(setsWorkdir)) return;
    for (const { instruction } of stage.instructions) {
      if (instruction.kind === 'workdir') return;
      if (instruction.kind !== 'copy') continue;
      const path = instruction.destination.text.replace(/^["']/, '');
      if (/^([/$]|[A-Za-z]:)/.test(path) || (stage.platform === 'windows' && path.startsWith('\\'))) continue;
      report({
        message: `"${path.replace(/["']$/, '')}" is relative, and no WORKDIR is set`,
        range: instruction.destination.range(),
      });
    }
  },
});

function parents(stage: LintStage, file: LintFile): LintStage[] {
  const found: LintStage[] = [];
  for (let at = stage.base.stage; at !== undefined; at = file.stages[at]?.base.stage) {
    const parent = file.stages[at];
    if (parent !== undefined) found.push(parent);
  }
  return found;
}

function setsWorkdir({ instructions }: LintStage): boolean {
  return instructions.some(({ instruction }) => instruction.kind === 'workdir');
}
