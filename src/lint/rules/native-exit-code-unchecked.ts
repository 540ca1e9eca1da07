import { namesIn } from '../names.ts';
import { defineRule } from '../rule.ts';
import { programName } from '../shell/script.ts';
import { rangeOf, runsOf, statementsOf } from '../shell/scripts.ts';

export default defineRule({
  id: 'PW011',
  name: 'native-exit-code-unchecked',
  severity: 'warning',
  platform: 'windows',
  instructions: ['run'],
  docs: {
    summary: 'Check $LASTEXITCODE after a program in PowerShell',
    why: '$ErrorActionPreference does not act on exit codes of programs: only the last statement decides about the step.',
    see: [
      'hashicorp/packer-plugin-docker#137',
      'docker-library/golang Dockerfile-windows-servercore.template (explicit checks)',
    ],
  },
  cases: {
    good: [
      'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nSHELL ["powershell", "-Command", "$ErrorActionPreference = \'Stop\';"]\nRUN git.exe clone https://example.com/x.git; if ($LASTEXITCODE -ne 0) { exit $LASTEXITCODE }; Remove-Item C:/tmp -Recurse\n',
    ],
    bad: [
      {
        text: 'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nSHELL ["powershell", "-Command", "$ErrorActionPreference = \'Stop\';"]\nRUN git.exe clone https://example.com/x.git; Remove-Item C:/tmp -Recurse\n',
        lines: [3],
      },
    ],
  },
  stage(stage, { report }) {
    for (const script of runsOf(stage)) {
      if (script.shell === 'cmd' || /NativeCommandUseErrorAction/i.test(script.preamble + script.text.text))
        continue;
      const tested = lastTest(script.text.text);
      const open = statementsOf(script)
        .slice(0, -1)
        .find(({ words, end }) => {
          const word = words[0];
          if (word === undefined || tested >= end) return false;
          return /\.exe$/i.test(word.value) || known.has(programName(word));
        });
      if (open === undefined) continue;
      report({
        message: `a failure of ${open.words[0]!.value} goes unnoticed: test $LASTEXITCODE after it`,
        range: rangeOf(script, open),
      });
    }
  },
});

/** Where the exit code is looked at for the last time; -1 where it is not. */
function lastTest(text: string): number {
  let last = -1;
  if (!/exitcode|\$\?/i.test(text)) return last;
  for (const { index } of text.matchAll(/LASTEXITCODE|\$\?/gi)) last = index;
  return last;
}

const known = namesIn(
  'git npm npx node yarn pnpm msbuild dotnet nuget choco go cargo rustup python pip cmake ninja tar 7z msiexec vcpkg mvn gradle java javac reg icacls robocopy xcopy dism sc net netsh setx',
);
