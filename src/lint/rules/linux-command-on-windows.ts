import { namesIn } from '../names.ts';
import { defineRule } from '../rule.ts';
import type { ShellWord } from '../shell/script.ts';
import { rangeOf, runsOf, type Script } from '../shell/scripts.ts';

export default defineRule({
  id: 'PW026',
  name: 'linux-command-on-windows',
  severity: 'error',
  platform: 'windows',
  instructions: ['run'],
  docs: {
    summary: 'Linux commands and paths do not exist on Windows',
    why: 'The program is not in Windows images: the step fails.',
  },
  cases: {
    good: [
      "FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN powershell -Command $ErrorActionPreference = 'Stop'; Write-Host use-an-installer\n",
    ],
    bad: [
      {
        text: 'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN apt-get update && apt-get install -y git\n',
        lines: [2],
      },
    ],
  },
  stage(stage, { report }) {
    for (const script of runsOf(stage)) {
      const wrong = firstLinuxWord(script);
      if (wrong === undefined) continue;
      report({
        message: `"${wrong.value}" belongs to Linux and is not in Windows images`,
        range: rangeOf(script, wrong),
      });
    }
  },
});

const linux = namesIn('apt-get apt yum dnf apk chmod chown ln sudo bash sh export source');
const linuxPath = /^["']?\/(?:bin|usr|etc|var|opt|proc)\//;
const anyLinuxPath = /\/(?:bin|usr|etc|var|opt|proc)\//;

function firstLinuxWord({ commands, text }: Script): ShellWord | undefined {
  const hasPaths = anyLinuxPath.test(text.text);
  for (const { program, words } of commands) {
    if (linux.has(program) && !/[\\/:]/.test(words[0]!.value)) return words[0];
    const path = hasPaths ? words.find((word) => linuxPath.test(word.text)) : undefined;
    if (path !== undefined) return path;
  }
  return undefined;
}
