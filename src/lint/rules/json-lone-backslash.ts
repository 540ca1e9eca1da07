import { namesIn } from '../names.ts';
import { defineRule } from '../rule.ts';

export default defineRule({
  id: 'PW003',
  name: 'json-lone-backslash',
  severity: 'error',
  platform: 'any',
  docs: {
    summary: 'Backslashes in JSON arrays are written twice',
    why: 'JSON that cannot be read is taken as the shell form without a word; the escape directive does not change JSON.',
    see: [
      'moby/moby#40602',
      'moby/moby#47776',
      'moby/buildkit: frontend/dockerfile/instructions/errors_windows.go',
    ],
  },
  cases: {
    good: [
      'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nCMD ["C:\\\\windows\\\\system32\\\\cmd.exe", "/c", "ver"]\n',
    ],
    bad: [
      {
        text: 'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nCMD ["C:\\windows\\system32\\cmd.exe", "/c", "ver"]\n',
        lines: [2],
        fixed:
          'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nCMD ["C:\\\\windows\\\\system32\\\\cmd.exe", "/c", "ver"]\n',
      },
    ],
  },
  check({ file, report }) {
    if (!file.windows) return;
    for (const node of file.dockerfile.tree.instructions) {
      if (!node.text.text.includes('\\')) continue;
      if (!takeArrays.has(node.name)) continue;
      const { rest, json } = node;
      if (!/^\[.*\]$/s.test(rest.text)) continue;
      const lone: number[] = [];
      for (const match of rest.text.matchAll(/\\(.|$)/gs)) {
        const next = match[1] ?? '';
        // `C:\temp` decodes, to a tab: after a drive or a name no control character is meant.
        const control = /[bfnrt]/.test(next) && /[\w:.]$/.test(rest.text.slice(0, match.index));
        if (control || !/["\\/bfnrtu]/.test(next)) lone.push(match.index);
      }
      const first = lone[0];
      if (first === undefined) continue;
      const edits = lone.map((at) => ({ range: rest.range(at, at + 1), text: '\\\\' }));
      report({
        message: json
          ? 'this backslash makes a control character: write it twice'
          : 'a single backslash is no JSON, so this is taken as shell form: write it twice',
        range: rest.range(first, first + 1),
        fix: { title: 'Double the backslashes', edits },
      });
    }
  },
});

const takeArrays = namesIn('run cmd entrypoint copy add volume shell healthcheck');
