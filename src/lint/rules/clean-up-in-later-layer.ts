import { defineRule } from '../rule.ts';
import { rangeOf, scriptsAt } from '../shell/scripts.ts';
import { stepsByProgram } from '../shell/steps.ts';
import { baseName, hasDrive, normalizePath } from '../windows-path.ts';

export default defineRule({
  id: 'PW030',
  name: 'clean-up-in-later-layer',
  severity: 'info',
  platform: 'windows',
  instructions: ['run'],
  docs: {
    summary: 'Delete a download in the step that made it',
    why: 'The bytes stay in the earlier layer.',
  },
  cases: {
    good: [
      'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN curl.exe -fsSLo C:/a.zip https://example.com/a.zip && tar -xf C:/a.zip -C C:/ && del C:\\a.zip\n',
    ],
    bad: [
      {
        text: 'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nADD https://example.com/a.zip C:/a.zip\nRUN tar -xf C:/a.zip -C C:/ && del C:\\a.zip\n',
        lines: [3],
      },
    ],
  },
  stage(stage, { file, report }) {
    const programs = stepsByProgram(stage, file);
    if (!removers.some((name) => programs.has(name))) return;
    const made = new Map<string, number>();
    stage.instructions.forEach((context, at) => {
      const { instruction } = context;
      if (instruction.kind === 'copy' || instruction.kind === 'add') {
        const to = instruction.destination.text;
        if (!hasDrive(to)) return;
        for (const source of instruction.sources) {
          const path = /[\\/]$/.test(to) ? to + baseName(source.text) : to;
          made.set(normalizePath(path), at);
        }
      }
      for (const script of instruction.kind === 'run' ? scriptsAt(context) : []) {
        for (const { program, words } of made.size === 0 ? [] : script.commands) {
          if (!removers.includes(program)) continue;
          const gone = words.slice(1).find(({ value }) => {
            const since = hasDrive(value) ? made.get(normalizePath(value)) : undefined;
            return since !== undefined && since < at;
          });
          if (gone === undefined) continue;
          report({
            message: `"${gone.value}" stays in the layer that brought it: fetch, use and delete it in one step`,
            range: rangeOf(script, gone),
          });
        }
        for (const { words } of savesFile.test(script.text.text) ? script.commands : []) {
          words.forEach(({ value }, index) => {
            if (!value.startsWith('-') || !/^(-OutFile|-[a-zA-Z]*o|--output)$/.test(value)) return;
            const next = words[index + 1]?.value;
            if (next !== undefined && hasDrive(next)) made.set(normalizePath(next), at);
          });
        }
      }
    });
  },
});

const removers = ['del', 'erase', 'rm', 'rd', 'rmdir', 'ri', 'remove-item'];

/** Asked before any word is looked at. */
const savesFile = /-OutFile|-[a-zA-Z]*o/;
