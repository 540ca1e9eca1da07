import { namesIn } from '../names.ts';
import { defineRule } from '../rule.ts';
import { programName, type ShellCommand } from '../shell/script.ts';
import { rangeOf, runsOf, type Script } from '../shell/scripts.ts';

export default defineRule({
  id: 'PW057',
  name: 'installer-not-silent',
  severity: 'warning',
  platform: 'windows',
  instructions: ['run'],
  docs: {
    summary: 'Installers need the switch that keeps their windows away',
    why: 'A window that nobody sees waits for a click that nobody makes: the build hangs until it is ended.',
    windows:
      'The switch is the installer’s own: /quiet, /q, /S, /VERYSILENT, --quiet or -y are common. msiexec has a rule of its own.',
    see: ['moby/moby#30395', 'microsoft/iis-docker#23'],
  },
  cases: {
    good: [
      '# escape=`\nFROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN C:\\vc_redist.x64.exe /install /quiet /norestart && C:\\Git-2.43.0-64-bit.exe /VERYSILENT && rustup-init.exe -y\n',
      "# escape=`\nFROM mcr.microsoft.com/windows/servercore:ltsc2022\nSHELL [\"powershell\", \"-Command\", \"$ErrorActionPreference = 'Stop';\"]\nRUN $p = Start-Process C:\\setup.exe -Wait -PassThru -ArgumentList '/S'; exit $p.ExitCode\nRUN $p = Start-Process installer.exe -Wait -PassThru -ArgumentList @( `\n      '/quiet', `\n      '/norestart' `\n    ); exit $p.ExitCode\nRUN & C:\\setup.exe $arguments\nRUN C:\\Windows\\Microsoft.NET\\Framework64\\v4.0.30319\\InstallUtil.exe C:\\app.exe\n",
    ],
    bad: [
      {
        text: '# escape=`\nFROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN C:\\vc_redist.x64.exe\nRUN C:\\temp\\MySetup.exe /log C:\\a.txt\n',
        lines: [3, 4],
      },
      {
        text: '# escape=`\nFROM mcr.microsoft.com/windows/servercore:ltsc2022\nSHELL ["powershell", "-Command", "$ErrorActionPreference = \'Stop\';"]\nRUN $p = Start-Process -FilePath C:\\python-3.11.4-amd64.exe -Wait -PassThru; exit $p.ExitCode\n',
        lines: [4],
      },
    ],
  },
  stage(stage, { report }) {
    for (const script of runsOf(stage)) {
      if (!/\.exe/i.test(script.text.text) || !mayInstall.test(script.text.text)) continue;
      const starts = /start|saps/i.test(script.text.text);
      for (const [at, command] of script.commands.entries()) {
        const name = installerOf(command, starts);
        if (name === undefined || isAnswered(script, at)) continue;
        report({
          message: `${name} may wait for a window: add its silent switch, such as /quiet or /S`,
          range: rangeOf(script, command),
        });
      }
    }
  },
});

const installers =
  /^(vc_?redist|dotnetfx|ndp\d|dotnet-(sdk|runtime|hosting)|windowsdesktop-runtime|python-\d|git-\d.*-bit|jdk-|jre-|openjdk|vs_?(buildtools|community|professional|enterprise|testagent)|rustup-init|miniconda|anaconda|cmake-\d|nsis|npp\.)|setup|(^|[-_.])install(er)?($|[-_.\d])|installer/;

/** Asked before any word is looked at. */
const mayInstall =
  /setup|install|redist|dotnet|ndp|runtime|python|git|jdk|jre|vs|rustup|conda|cmake|nsis|npp/i;

const starters = namesIn('start-process saps start');

const tools = /installutil|setupapi|installsdk/;

/** The program as it is written; undefined for no installer. */
function installerOf({ words }: ShellCommand, starts: boolean): string | undefined {
  const starter = starts ? words.findIndex((word) => starters.has(programName(word))) : -1;
  const candidate =
    starter < 0 ? words[0] : words.slice(starter + 1).find(({ value }) => /\.exe,?$/i.test(value));
  if (candidate === undefined || !/\.exe$/i.test(candidate.value)) return undefined;
  const name = programName(candidate);
  return installers.test(name) && !tools.test(name) ? candidate.value : undefined;
}

const switches = /(?:^|[\s'",=])(?:\/|--?)([\w?-]+)(?=$|[\s'",=:;)])/g;

const answers = namesIn(
  'q qn qb qr qs s verysilent passive y yes unattend mode exenoui noui no-ui noninteractive b help ? version layout',
);

/** The rest of `/quiet`, in lower case. */
function isAnswer(name: string): boolean {
  return answers.has(name) || /^(?:quiet|silent|unattended|accept|auto)\w*$/.test(name);
}

/** Arguments may stand in brackets behind the command, or in variables, which are not known here. */
function isAnswered({ commands, text }: Script, at: number): boolean {
  const { start, depth } = commands[at]!;
  let next = at + 1;
  while (next < commands.length && commands[next]!.depth > depth) next++;
  const own = text.text.slice(start, commands[next]?.start);
  for (const [, name] of own.matchAll(switches)) if (isAnswer(name!.toLowerCase())) return true;
  return /(?<!^)[$@%]\w|\bunattend|--?(config|options?file)\b/i.test(own);
}
