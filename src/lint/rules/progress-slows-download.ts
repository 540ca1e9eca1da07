import { namesIn } from '../names.ts';
import { defineRule } from '../rule.ts';
import { rangeOf, runsOf } from '../shell/scripts.ts';

export default defineRule({
  id: 'PW010',
  name: 'progress-slows-download',
  severity: 'info',
  platform: 'windows',
  instructions: ['run'],
  docs: {
    summary: "Set $ProgressPreference = 'SilentlyContinue' before downloads",
    why: 'Windows PowerShell draws a progress bar for every chunk, which slows downloads and unpacking many times over.',
  },
  cases: {
    good: [
      "FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN powershell -Command $ErrorActionPreference = 'Stop'; $ProgressPreference = 'SilentlyContinue'; Invoke-WebRequest https://example.com/a.zip -OutFile a.zip\n",
    ],
    bad: [
      {
        text: "FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN powershell -Command $ErrorActionPreference = 'Stop'; Invoke-WebRequest https://example.com/a.zip -OutFile a.zip\n",
        lines: [2],
      },
    ],
  },
  stage(stage, { report }) {
    for (const script of runsOf(stage)) {
      if (script.shell !== 'powershell' || /ProgressPreference/i.test(script.preamble + script.text.text))
        continue;
      const slow = script.commands.find(({ program }) => slowed.has(program));
      if (slow === undefined) continue;
      report({
        message: `${slow.words[0]!.value} is slow while it shows progress: set $ProgressPreference = 'SilentlyContinue'`,
        range: rangeOf(script, slow.words[0]!),
      });
    }
  },
});

const slowed = namesIn('invoke-webrequest iwr wget expand-archive');
