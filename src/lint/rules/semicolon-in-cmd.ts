import { namesIn } from '../names.ts';
import { defineRule } from '../rule.ts';
import { programName } from '../shell/script.ts';
import { directCommands, rangeOf, runsOf } from '../shell/scripts.ts';

export default defineRule({
  id: 'PW028',
  name: 'semicolon-in-cmd',
  severity: 'warning',
  platform: 'windows',
  instructions: ['run'],
  docs: {
    summary: 'cmd does not separate commands with ;',
    why: 'cmd takes a semicolon for a blank between arguments: the second command never runs.',
  },
  cases: {
    good: ['FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN mkdir C:\\a && mkdir C:\\b\n'],
    bad: [
      {
        text: 'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN mkdir C:\\a ; mkdir C:\\b\n',
        lines: [2],
        fixed: 'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN mkdir C:\\a && mkdir C:\\b\n',
      },
    ],
  },
  stage(stage, { report }) {
    for (const script of runsOf(stage)) {
      if (script.shell !== 'cmd' || !script.text.text.includes(';')) continue;
      for (const { words } of directCommands(script)) {
        const at = words.findIndex(({ text }, index) => {
          const next = words[index + 1];
          return index > 0 && /^[^"]*;$/.test(text) && next !== undefined && known.has(programName(next));
        });
        const word = words[at];
        if (word === undefined) continue;
        const part = { start: word.end - 1, end: word.end };
        report({
          message: 'cmd takes ";" for a blank: use &&',
          range: rangeOf(script, part),
          fix: {
            title: 'Use &&',
            edits: [{ range: rangeOf(script, part), text: word.text === ';' ? '&&' : ' &&' }],
          },
        });
      }
    }
  },
});

const known = namesIn(
  'mkdir md rmdir rd del erase copy xcopy robocopy move ren echo set setx cd type dir call curl tar git npm node powershell pwsh choco msiexec dotnet net reg icacls start exit python pip nuget msbuild',
);
