import { defineRule } from '../rule.ts';
import { instructionsOf } from '../stage-instructions.ts';

export default defineRule({
  id: 'PW017',
  name: 'path-joined-with-colon',
  severity: 'warning',
  platform: 'windows',
  instructions: ['env'],
  docs: {
    summary: 'Windows separates PATH entries with a semicolon',
    why: 'A colon belongs to a drive: the entries become one that does not exist.',
    see: ['cirruslabs/docker-images-android#6'],
  },
  cases: {
    good: ['FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN setx /M PATH "%PATH%;C:/tools/bin"\n'],
    bad: [
      {
        text: 'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nENV PATH=${PATH}:C:/tools/bin\n',
        lines: [2],
      },
    ],
  },
  stage(stage, { report }) {
    for (const { instruction } of instructionsOf(stage, 'env')) {
      for (const { key, value } of instruction.pairs) {
        if (key.text.toUpperCase() !== 'PATH') continue;
        const wrong = separators(value.text);
        const first = wrong[0];
        if (first === undefined) continue;
        report({
          message: 'PATH entries are joined with ":": use ";"',
          range: value.range(first, first + 1),
          fix: {
            title: 'Join with ;',
            edits: wrong.map((at) => ({ range: value.range(at, at + 1), text: ';' })),
          },
        });
      }
    }
  },
});

/** Places of colons that stand between entries: not after a drive letter, not inside of braces. */
function separators(text: string): number[] {
  const found: number[] = [];
  let braces = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '{') braces++;
    else if (char === '}') braces--;
    else if (char === ':' && braces === 0) {
      const drive = /(^|[;:"'])[A-Za-z]$/.test(text.slice(0, at)) && /^([\\/;"']|$)/.test(text.slice(at + 1));
      if (!drive) found.push(at);
    }
  }
  return found;
}
