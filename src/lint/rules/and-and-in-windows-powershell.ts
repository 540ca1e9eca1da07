import { defineRule } from '../rule.ts';
import { runsOf } from '../shell/scripts.ts';

export default defineRule({
  id: 'PW027',
  name: 'and-and-in-windows-powershell',
  severity: 'error',
  platform: 'windows',
  instructions: ['run'],
  docs: {
    summary: 'Windows PowerShell has no && and ||',
    why: 'They came with PowerShell 7: version 5.1 refuses the whole step.',
  },
  cases: {
    good: [
      'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nSHELL ["powershell", "-Command", "$ErrorActionPreference = \'Stop\';"]\nRUN mkdir C:/a; mkdir C:/b\n',
    ],
    bad: [
      {
        text: 'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nSHELL ["powershell", "-Command", "$ErrorActionPreference = \'Stop\';"]\nRUN mkdir C:/a && mkdir C:/b\n',
        lines: [3],
        fixed:
          'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nSHELL ["powershell", "-Command", "$ErrorActionPreference = \'Stop\';"]\nRUN mkdir C:/a; mkdir C:/b\n',
      },
    ],
  },
  stage(stage, { report }) {
    for (const script of runsOf(stage)) {
      if (script.shell !== 'powershell') continue;
      const wrong = script.operators.filter(({ text }) => text === '&&' || text === '||');
      const first = wrong[0];
      if (first === undefined) continue;
      const stops = /ErrorActionPreference\s*=\s*["']?Stop/i.test(script.preamble + script.text.text);
      const safe = stops && wrong.every(({ text }) => text === '&&');
      const edits = wrong.map(({ start }) => {
        const { text } = script.text;
        let from = start;
        while (text[from - 1] === ' ' || text[from - 1] === '\t') from--;
        return { range: script.text.range(from, start + 2), text: ';' };
      });
      report({
        message: `Windows PowerShell has no ${first.text}: use ";" with $ErrorActionPreference = 'Stop'`,
        range: script.text.range(first.start, first.start + 2),
        ...(safe ? { fix: { title: 'Use ;', edits } } : {}),
      });
    }
  },
});
