import type { LintFile, LintInstruction } from '../model.ts';
import { defineRule } from '../rule.ts';
import { stepsAt } from '../shell/steps.ts';

export default defineRule({
  id: 'DL3059',
  name: 'consecutive-runs',
  severity: 'info',
  platform: 'any',
  instructions: ['run'],
  docs: {
    summary: 'RUN steps of one command each could be one step',
    why: 'Each makes a layer of its own. Steps that chain commands already are left alone, and so are those with other flags.',
    windows: 'Layers cost more here: every RUN starts and stops a container with its own disk.',
  },
  cases: {
    good: [
      'FROM debian:12\nRUN a && b\nRUN c\n',
      'FROM debian:12\nRUN a\nWORKDIR /\nRUN b\n',
      'FROM debian:12\nRUN --mount=type=secret,id=a a\nRUN --mount=type=secret,id=b a\n',
      'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nSHELL ["powershell", "-Command"]\nRUN a; b\nRUN c\n',
      'FROM debian:12\nRUN <<EOF\na\nb\nEOF\nRUN a\n',
    ],
    bad: [
      { text: 'FROM debian:12\nRUN a\n# why\nRUN b\nRUN c\n', lines: [4, 5] },
      { text: 'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN a\nRUN b\n', lines: [3] },
    ],
  },
  stage(stage, { file, report }) {
    const single = (context: LintInstruction): boolean => commandCount(context, file) === 1;
    let before: LintInstruction | undefined;
    for (const context of stage.instructions) {
      const { instruction } = context;
      if (instruction.kind !== 'run') {
        before = undefined;
        continue;
      }
      const same = before !== undefined && flagsOf(before) === flagsOf(context);
      if (same && before !== undefined && single(before) && single(context)) {
        report({
          message: 'this RUN could be part of the one before it',
          range: instruction.node.keyword.range(),
        });
      }
      before = context;
    }
  },
});

function flagsOf({ instruction }: LintInstruction): string {
  return instruction.node.flags.map(({ text }) => text).join(' ');
}

/** The most that one of its texts has; 0 when no shell that is known here reads it. */
function commandCount(context: LintInstruction, file: LintFile): number {
  const counts = stepsAt(context, file).map(
    ({ commands }) => commands.filter(({ words }) => words.length > 0).length,
  );
  return Math.max(0, ...counts);
}
