import { namesIn } from '../names.ts';
import { defineRule } from '../rule.ts';
import type { ShellCommand } from '../shell/script.ts';
import { rangeOf, runsOf, type Script } from '../shell/scripts.ts';

export default defineRule({
  id: 'PW049',
  name: 'waits-for-an-answer',
  severity: 'warning',
  platform: 'windows',
  instructions: ['run'],
  docs: {
    summary: 'Nobody answers questions during a build',
    why: 'A program that asks waits until the build is ended, or takes an empty answer for no: packages are not installed, folders not removed.',
    windows:
      'choco asks before it runs scripts (-y), PowerShellGet before it trusts a repository (-Force), rd before it removes a tree (/q), del before it empties a folder (/q), xcopy whether its target is a file or a folder (/i). timeout ends with an error at once, because standard input is no console.',
    see: [
      'https://docs.chocolatey.org/en-us/choco/commands/install',
      'https://learn.microsoft.com/windows-server/administration/windows-commands/rmdir',
      'https://learn.microsoft.com/windows-server/administration/windows-commands/xcopy',
    ],
  },
  cases: {
    good: [
      '# escape=`\nFROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN choco install -y git && rd /s /q C:\\tmp && del /q C:\\old\\*.* && xcopy /e /i C:\\a C:\\b\n',
      'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nSHELL ["powershell", "-Command", "$ErrorActionPreference = \'Stop\';"]\nRUN Install-PackageProvider NuGet -Force; Set-PSRepository PSGallery -InstallationPolicy Trusted; Install-Module Pester\n',
      'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN choco feature enable -n allowGlobalConfirmation\nRUN choco install git\n',
      '# escape=`\nFROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN del C:\\a.zip && rd C:\\empty && xcopy C:\\a.txt C:\\b\\ && del /s *.tmp\n',
    ],
    bad: [
      {
        text: 'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN choco install git 7zip\n',
        lines: [2],
        fixed: 'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN choco install -y git 7zip\n',
      },
      {
        text: '# escape=`\nFROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN rd /s C:\\tmp\nRUN del C:\\old\\*.*\nRUN xcopy /e C:\\a C:\\b\n',
        lines: [3, 4, 5],
        fixed:
          '# escape=`\nFROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN rd /q /s C:\\tmp\nRUN del /q C:\\old\\*.*\nRUN xcopy /i /e C:\\a C:\\b\n',
      },
      {
        text: 'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nSHELL ["powershell", "-Command", "$ErrorActionPreference = \'Stop\';"]\nRUN Install-PackageProvider -Name NuGet; Install-Module Pester\n',
        lines: [3, 3],
        fixed:
          'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nSHELL ["powershell", "-Command", "$ErrorActionPreference = \'Stop\';"]\nRUN Install-PackageProvider -Force -Name NuGet; Install-Module -Force Pester\n',
      },
      {
        text: "FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN pause\nRUN timeout /t 10 /nobreak\nRUN set /p A=\nRUN powershell $answer = Read-Host 'Name'\n",
        lines: [2, 3, 4, 5],
      },
    ],
  },
  stage(stage, { report }) {
    let trusted = false;
    let confirmed = false;
    for (const script of runsOf(stage)) {
      confirmed ||= /\ballowGlobalConfirmation\b/i.test(script.text.text);
      const reads = /read-host|get-credential/i.test(script.text.text);
      for (const command of script.commands) {
        trusted ||= trusts(command);
        if (!reads && !asking.has(command.program)) continue;
        const question = questionOf(script, command);
        if (question === undefined || (question.about === 'trust' && trusted)) continue;
        if (question.about === 'choco' && confirmed) continue;
        const { message, add } = question;
        const at = add === undefined ? -1 : rangeOf(script, command.words[question.after ?? 0]!).end;
        report({
          message,
          range: rangeOf(script, command),
          ...(add === undefined
            ? {}
            : { fix: { title: `Add ${add}`, edits: [{ range: { start: at, end: at }, text: ` ${add}` }] } }),
        });
      }
    }
  },
});

/** Programs that may ask; Read-Host and Get-Credential may stand inside of others' commands. */
const asking = namesIn(
  'choco cinst cup install-module install-script install-packageprovider rd rmdir del erase xcopy pause timeout choice set',
);

/** `Set-PSRepository PSGallery -InstallationPolicy Trusted`. */
function trusts({ program, words }: ShellCommand): boolean {
  return program === 'set-psrepository' && words.some(({ value }) => /^trusted$/i.test(value));
}

interface Question {
  readonly message: string;
  readonly about?: 'choco' | 'trust';
  /** The switch that answers it. */
  readonly add?: string;
  /** Index of the word that it goes behind; 0 when not given. */
  readonly after?: number;
}

function questionOf(
  { shell, text }: Script,
  { program, words, redirects, before, start }: ShellCommand,
): Question | undefined {
  const args = words.slice(1).map(({ value }) => value.toLowerCase());
  const variables = args.some((word) => /^[$@%]/.test(word));
  if (/^(choco|cinst|cup)$/.test(program)) {
    const verb =
      program === 'choco' ? args.findIndex((word) => /^(install|upgrade|uninstall)$/.test(word)) + 1 : 0;
    if ((program === 'choco' && verb === 0) || variables || args.some(isYes)) return undefined;
    return {
      message: `${program} asks before it runs scripts: add -y`,
      about: 'choco',
      add: '-y',
      after: verb,
    };
  }
  // An answer may come through a pipe or from a file.
  if (before === '|' || redirects.some(({ start: at }) => /<\s*$/.test(text.text.slice(start, at))))
    return undefined;
  if (shell === 'cmd') return cmdQuestion(program, args, variables);
  if (program === 'install-module' || program === 'install-script' || program === 'install-packageprovider') {
    const answered = args.some((word) => /^-(f|fo\w*|confirm:\$false|accept\w*|scope:none)$/.test(word));
    if (answered || variables) return undefined;
    return {
      message: `${words[0]!.value} asks whether to go on: add -Force`,
      add: '-Force',
      ...(program === 'install-packageprovider' ? {} : { about: 'trust' }),
    };
  }
  if (
    /(^|[=(;{]\s*)(read-host|get-credential)\b/i.test(text.text.slice(start, words.at(-1)?.end)) &&
    !args.some((word) => word.startsWith('-credential'))
  ) {
    return { message: 'nobody answers this during a build: take a build argument or a secret' };
  }
  if (program === 'pause') return { message: 'pause waits for a key that nobody presses' };
  return undefined;
}

function cmdQuestion(program: string, args: readonly string[], variables: boolean): Question | undefined {
  const has = (...switches: readonly string[]): boolean =>
    args.some((word) => switches.some((one) => word.includes(one)));
  switch (program) {
    case 'rd':
    case 'rmdir':
      return has('/s') && !has('/q') && !variables
        ? { message: `${program} /s asks before it removes a folder: add /q`, add: '/q' }
        : undefined;
    case 'del':
    case 'erase':
      return !has('/q') && args.some((word) => /(^|[\\/])\*(\.\*)?$/.test(word))
        ? { message: `${program} asks before it empties a folder: add /q`, add: '/q' }
        : undefined;
    case 'xcopy': {
      const target = args.filter((word) => !word.startsWith('/'))[1];
      const tree = has('/e', '/s') && target !== undefined && !/[\\/]$/.test(target);
      return tree && !has('/i', '/y') && !variables
        ? {
            message: 'xcopy asks whether a target that is not there is a file or a folder: add /i',
            add: '/i',
          }
        : undefined;
    }
    case 'pause':
      return { message: 'pause waits for a key that nobody presses' };
    case 'timeout':
      return { message: 'timeout refuses a standard input that is no console: use ping -n or Start-Sleep' };
    case 'choice':
      return has('/t') ? undefined : { message: 'choice waits for a key that nobody presses' };
    case 'set':
      return has('/p')
        ? { message: 'nobody answers this during a build: take a build argument or a secret' }
        : undefined;
    default:
      return undefined;
  }
}

/** `-y`, `--yes`, `--confirm`, and short options of one word such as `-fy`. */
function isYes(word: string): boolean {
  return /^(-[a-z]*y|--?yes|--?confirm|\/y)$/.test(word);
}
