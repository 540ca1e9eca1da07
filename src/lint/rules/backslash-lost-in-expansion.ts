import type { StageInstruction } from '../../dockerfile/instructions.ts';
import type { MappedText } from '../../dockerfile/mapped-text.ts';
import { defineRule } from '../rule.ts';

export default defineRule({
  id: 'PW004',
  name: 'backslash-lost-in-expansion',
  severity: 'warning',
  platform: 'windows',
  docs: {
    summary: 'Backslashes of paths are removed as escapes',
    why: 'With the default escape `C:\\\\temp\\\\x` becomes `C:tempx`.',
    see: ['MicrosoftDocs/visualstudio-docs#3123'],
  },
  cases: {
    good: [
      'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nADD https://example.com/a.exe C:/TEMP/a.exe\n',
    ],
    bad: [
      {
        text: 'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nADD https://example.com/a.exe C:\\TEMP\\a.exe\n',
        lines: [2],
        fixed:
          'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nADD https://example.com/a.exe C:/TEMP/a.exe\n',
      },
    ],
  },
  stage(stage, { file, report }) {
    if (file.dockerfile.tree.escape !== '\\') return;
    for (const { instruction } of stage.instructions) {
      if (instruction.node.json) continue;
      for (const word of words(instruction)) {
        const lost = escapes(word.text);
        const first = lost[0];
        if (first === undefined) continue;
        report({
          message: 'the builder removes this backslash: write / in its place',
          range: word.range(first, first + 1),
          fix: {
            title: 'Write /',
            edits: lost.map((at) => ({ range: word.range(at, at + 1), text: '/' })),
          },
        });
        break;
      }
    }
  },
});

/** The words of an instruction that are expanded and may be paths. */
function words(instruction: StageInstruction): readonly MappedText[] {
  switch (instruction.kind) {
    case 'copy':
    case 'add':
      return [...instruction.sources, instruction.destination];
    case 'workdir':
      return [instruction.path];
    case 'env':
    case 'label':
      return instruction.pairs.map(({ value }) => value);
    case 'volume':
      return instruction.volumes;
    case 'user':
      return [instruction.user];
    case 'arg':
      return instruction.args.flatMap(({ value }) => (value === undefined ? [] : [value]));
    default:
      return [];
  }
}

/** Places of backslashes outside of quotes that escape nothing that would need it. */
function escapes(text: string): number[] {
  const found: number[] = [];
  let quote = '';
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!;
    if (quote !== '') {
      if (char === '\\' && quote === '"') at++;
      else if (char === quote) quote = '';
    } else if (char === '"' || char === "'") {
      quote = char;
    } else if (char === '\\') {
      if (/[^\s\\"'$]/.test(text[at + 1] ?? '')) found.push(at);
      else at++;
    }
  }
  return found;
}
