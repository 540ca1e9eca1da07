import { defineRule } from '../rule.ts';

export default defineRule({
  id: 'PW036',
  name: 'variables-differ-in-case',
  severity: 'warning',
  platform: 'windows',
  instructions: ['env', 'arg'],
  docs: {
    summary: 'Variable names differ by more than case on Windows',
    why: 'Names are compared without case: the second overwrites the first.',
    see: ['moby/buildkit: frontend/dockerfile/shell/equal_env_windows.go'],
  },
  cases: {
    good: ['FROM mcr.microsoft.com/windows/servercore:ltsc2022\nENV TOOL_HOME=C:/b\n'],
    bad: [
      {
        text: 'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nENV Tool_Home=C:/a\nENV TOOL_HOME=C:/b\n',
        lines: [3],
      },
    ],
  },
  stage(stage, { report }) {
    const seen = new Map<string, string>();
    for (const { instruction } of stage.instructions) {
      const names =
        instruction.kind === 'env'
          ? instruction.pairs.map(({ key }) => key)
          : instruction.kind === 'arg'
            ? instruction.args.map(({ name }) => name)
            : [];
      for (const name of names) {
        const before = seen.get(name.text.toUpperCase());
        if (before !== undefined && before !== name.text) {
          report({
            message: `"${name.text}" is the same variable as "${before}" on Windows`,
            range: name.range(),
          });
        }
        seen.set(name.text.toUpperCase(), name.text);
      }
    }
  },
});
