import { defineRule } from '../rule.ts';
import { directCommands, rangeOf, scriptsOf } from '../shell/scripts.ts';

export default defineRule({
  id: 'PW008',
  name: 'single-quotes-in-cmd',
  severity: 'warning',
  platform: 'windows',
  instructions: ['run', 'cmd', 'entrypoint'],
  docs: {
    summary: 'cmd does not know single quotes',
    why: 'cmd.exe passes single quotes on as characters and splits the text at its blanks.',
    see: ['StefanScherer/dockerfiles-windows: quotes/Dockerfile'],
  },
  cases: {
    good: ['FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN mkdir "C:\\my dir"\n'],
    bad: [
      {
        text: "FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN mkdir 'C:\\my dir'\n",
        lines: [2],
        fixed: 'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN mkdir "C:\\my dir"\n',
      },
    ],
  },
  stage(stage, { report }) {
    for (const script of scriptsOf(stage)) {
      // `for /f` gives single quotes a meaning of their own.
      if (script.shell !== 'cmd' || /\bfor\s+\/f\b/i.test(script.text.text)) continue;
      for (const { words } of directCommands(script)) {
        const first = words.findIndex(({ text }) => text.startsWith("'"));
        if (first < 0) continue;
        const last = words.findIndex(({ text }, at) => at >= first && text.length > 1 && text.endsWith("'"));
        if (last < 0) continue;
        const part = { start: words[first]!.start, end: words[last]!.end };
        const inner = script.text.text.slice(part.start + 1, part.end - 1);
        const edits = [part.start, part.end - 1].map((at) => ({
          range: script.text.range(at, at + 1),
          text: '"',
        }));
        report({
          message: 'cmd takes single quotes as characters: use double quotes',
          range: rangeOf(script, part),
          ...(/["']/.test(inner) ? {} : { fix: { title: 'Use double quotes', edits } }),
        });
      }
    }
  },
});
