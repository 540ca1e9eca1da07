import { namesIn } from '../names.ts';
import { defineRule } from '../rule.ts';
import type { ShellWord } from '../shell/script.ts';
import { lineOf, rangeOf, scriptsOf, type Script } from '../shell/scripts.ts';

export default defineRule({
  id: 'PW055',
  name: 'missing-separator',
  severity: 'error',
  platform: 'windows',
  instructions: ['run'],
  docs: {
    summary: 'Continued lines are one command unless something parts them',
    why: 'The escape character at the end of a line takes the line end away: what looks like the next command is one more argument of the one before.',
    windows: 'PowerShell needs ; between statements, cmd needs &&.',
    see: ['https://docs.docker.com/reference/dockerfile/#escape'],
  },
  cases: {
    good: [
      '# escape=`\nFROM mcr.microsoft.com/windows/servercore:ltsc2022\nSHELL ["powershell", "-Command", "$ErrorActionPreference = \'Stop\';"]\nRUN $a = `\n      Get-Date; `\n    Write-Host $a | `\n      Out-Null; Get-Help -Name `\n      Get-Item\n',
      '# escape=`\nFROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN choco install -y `\n    git `\n    curl && mkdir C:\\a `\n    C:\\b\n',
    ],
    bad: [
      {
        text: '# escape=`\nFROM mcr.microsoft.com/windows/servercore:ltsc2022\nSHELL ["powershell", "-Command", "$ErrorActionPreference = \'Stop\';"]\nRUN New-Item -ItemType Directory C:/a `\n    New-Item -ItemType Directory C:/b\n',
        lines: [5],
        fixed:
          '# escape=`\nFROM mcr.microsoft.com/windows/servercore:ltsc2022\nSHELL ["powershell", "-Command", "$ErrorActionPreference = \'Stop\';"]\nRUN New-Item -ItemType Directory C:/a; `\n    New-Item -ItemType Directory C:/b\n',
      },
      {
        text: '# escape=`\nFROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN mkdir C:\\a `\n    mkdir C:\\b\n',
        lines: [4],
        fixed:
          '# escape=`\nFROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN mkdir C:\\a && `\n    mkdir C:\\b\n',
      },
    ],
  },
  stage(stage, { file, report }) {
    for (const script of scriptsOf(stage)) {
      const [first, last] = script.context.instruction.node.lines;
      if (script.kind !== 'run' || first === last) continue;
      for (const { program, words } of script.commands) {
        const mayTake = script.shell === 'cmd' ? plain.has(program) : isCmdlet(words[0]?.value ?? '');
        if (!mayTake) continue;
        const at = words.findIndex(
          (word, index) =>
            index > 0 &&
            begins(script, word, words[index - 1]!) &&
            lineOf(script, word.start, file) > lineOf(script, words[index - 1]!.end - 1, file),
        );
        if (at < 0) continue;
        const previous = words[at - 1]!;
        const separator = script.shell === 'cmd' ? ' &&' : ';';
        const end = script.text.range(previous.start, previous.end).end;
        report({
          message: `this is an argument of ${words[0]!.value}: end the line above with${separator === ';' ? ' ;' : separator}`,
          range: rangeOf(script, words[at]!),
          fix: {
            title: `End the line above with${separator === ';' ? ' ;' : separator}`,
            edits: [{ range: { start: end, end }, text: separator }],
          },
        });
      }
    }
  },
});

const verbs = namesIn(
  'add clear compress copy disable enable expand export get import install invoke move new out push pop register remove rename restart set start stop test uninstall unblock wait write',
);

/** `Remove-Item`. */
function isCmdlet(word: string): boolean {
  const dash = word.indexOf('-');
  return (
    dash > 0 && verbs.has(word.slice(0, dash).toLowerCase()) && /^[A-Za-z]{2,}$/.test(word.slice(dash + 1))
  );
}

/** Commands of cmd whose arguments are paths, so that another one among them is none. */
const plain = namesIn('mkdir md copy xcopy move del erase rd rmdir ren rename setx curl tar icacls msiexec');

function begins(script: Script, word: ShellWord, previous: ShellWord): boolean {
  if (word.text !== word.value) return false;
  if (script.shell === 'cmd') return plain.has(word.value.toLowerCase()) && !/^[-/]/.test(previous.value);
  if (!isCmdlet(word.value)) return false;
  // A parameter or an operator may want it.
  return !/^-[A-Za-z]+:?$|[,=+]$|^[&.!]$/.test(previous.text);
}
