import { defineRule } from '../rule.ts';
import { scriptsOf } from '../shell/scripts.ts';

export default defineRule({
  id: 'PW059',
  name: 'leading-quote-lost',
  severity: 'error',
  platform: 'windows',
  instructions: ['run', 'cmd', 'entrypoint'],
  docs: {
    summary: 'cmd /S takes the first and the last quote of its line away',
    why: "The default shell is cmd /S /C: a line that begins with a quote loses it, and its last quote too, whatever the two stood around. What is left of a path with blanks is no program: 'C:\\Program' is not recognized.",
    windows: 'Begin with call, or write the call in JSON form. cmd /? tells the rule.',
    see: [
      'MicrosoftDocs/Virtualization-Documentation#266',
      'https://learn.microsoft.com/windows-server/administration/windows-commands/cmd',
    ],
  },
  cases: {
    good: [
      '# escape=`\nFROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN call "C:\\Program Files\\Git\\cmd\\git.exe" clone "https://example.com/a"\nRUN ""C:\\Program Files\\Git\\cmd\\git.exe" --version"\nRUN "C:\\app.exe" /q\n',
      '# escape=`\nFROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN "mkdir C:\\a && mkdir C:\\b"\nSHELL ["cmd", "/C"]\nRUN "C:\\Program Files\\app.exe" /q\n',
    ],
    bad: [
      {
        text: '# escape=`\nFROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN "C:\\Program Files\\Git\\cmd\\git.exe" --version\n',
        lines: [3],
        fixed:
          '# escape=`\nFROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN call "C:\\Program Files\\Git\\cmd\\git.exe" --version\n',
      },
      {
        text: '# escape=`\nFROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN "C:\\app.exe" "C:\\my folder\\a"\nENTRYPOINT "C:\\Program Files\\app.exe"\n',
        lines: [3, 4],
      },
    ],
  },
  stage(stage, { report }) {
    for (const script of scriptsOf(stage)) {
      const { instruction, shell } = script.context;
      if (script.shell !== 'cmd' || !('command' in instruction) || instruction.command.exec) continue;
      if (!shell.words.some((word) => word.toLowerCase() === '/s')) continue;
      const text = script.text.text.trim();
      if (!/^"[^"]/.test(text)) continue;
      const first = /^"([^"]*)"/.exec(text);
      if (first === null) continue;
      const [quoted, inner] = first as unknown as [string, string];
      const others = text.slice(quoted.length);
      // Quotes around the whole line are there to be taken off.
      if (others === '' && !/^[a-z]:[^"]*\s[^"]*\.(exe|bat|cmd|com)$/i.test(inner)) continue;
      if (!/\s/.test(inner) && !others.includes('"')) continue;
      const start = script.text.text.indexOf('"');
      const at = script.text.offsetOf(start);
      report({
        message: 'cmd /S takes this quote and the last one away: begin with call, or use the JSON form',
        range: script.text.range(start, start + quoted.length),
        fix: { title: 'Begin with call', edits: [{ range: { start: at, end: at }, text: 'call ' }] },
      });
    }
  },
});
