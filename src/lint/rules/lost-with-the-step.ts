import { namesIn } from '../names.ts';
import { defineRule } from '../rule.ts';
import type { ShellCommand } from '../shell/script.ts';
import { rangeOf, runsOf, statementsOf, textOf, type Script } from '../shell/scripts.ts';

export default defineRule({
  id: 'PW053',
  name: 'lost-with-the-step',
  severity: 'warning',
  platform: 'windows',
  instructions: ['run'],
  docs: {
    summary: 'Variables, services and drives of one step are gone in the next',
    why: 'Every RUN starts a container of its own: files and the registry are kept, what runs and what a shell remembers is not. A step that does nothing else does nothing.',
    windows: 'ENV or setx /M keep a variable. Services start when the container does, by their start type.',
    see: ['https://docs.docker.com/reference/dockerfile/#run'],
  },
  cases: {
    good: [
      'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN set A=b&& build.cmd\nRUN setx /M A b\n',
      'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nSHELL ["powershell", "-Command", "$ErrorActionPreference = \'Stop\';"]\nRUN $env:A = \'b\'; ./build.ps1\nRUN Start-Service w3svc; New-WebBinding -Name x\n',
      'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN net user app /add\n',
    ],
    bad: [
      {
        text: 'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN set A=b\nRUN net start w3svc\nRUN net use Z: //server/share\nRUN refreshenv\n',
        lines: [2, 3, 4, 5],
      },
      {
        text: 'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nSHELL ["powershell", "-Command", "$ErrorActionPreference = \'Stop\';"]\nRUN $env:A = \'b\'; $env:C = \'d\'\nRUN Start-Service w3svc\nRUN Restart-Computer -Force\n',
        lines: [3, 4, 5],
      },
      {
        text: 'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN install.cmd && shutdown /r /t 0\n',
        lines: [2],
      },
    ],
  },
  stage(stage, { report }) {
    for (const script of runsOf(stage)) {
      for (const command of script.commands) {
        if (!enders.has(command.program)) continue;
        report({
          message: 'there is no machine to restart during a build: the step ends here',
          range: rangeOf(script, command),
        });
      }
      const statements = script.shell === 'cmd' ? script.commands : statementsOf(script);
      const [first] = statements;
      const loss = first && lossOf(script, first);
      // PowerShell that a cmd line calls is one of its commands there.
      if (first === undefined || loss === undefined) continue;
      if (statements.some((statement) => lossOf(script, statement) === undefined)) continue;
      if (script.shell !== 'cmd' && script.commands.some(({ before }) => before === '|')) continue;
      report({ message: loss, range: rangeOf(script, first) });
    }
  },
});

/** Why nothing is left of the statement; undefined when something may be. */
function lossOf(script: Script, statement: ShellCommand): string | undefined {
  const [first, second] = statement.words;
  const { program } = statement;
  const argument = second?.value.toLowerCase() ?? '';
  if (script.shell === 'cmd') {
    if (program === 'set' && /^set\s+"?[\w.()]+=/i.test(textOf(script, statement))) return variable;
    if (program === 'path' && argument !== '') return variable;
  } else if (first?.value.startsWith('$') === true && /^\$env:\w+\s*\+?=/i.test(textOf(script, statement)))
    return variable;
  switch (program) {
    case 'net':
      return argument === 'start' ? service : argument === 'use' ? drive : undefined;
    case 'sc':
      return argument === 'start' ? service : undefined;
    case 'start-service':
    case 'restart-service':
      return service;
    case 'subst':
    case 'new-psdrive':
      return drive;
    case 'refreshenv':
    case 'update-sessionenvironment':
    case 'import-module':
    case 'vcvarsall':
    case 'vcvars64':
    case 'vcvars32':
    case 'vsdevcmd':
      return `what ${first!.value} changes ends with this step: do it in the step that needs it`;
    case 'call':
      return /(^|[\\/])(vcvars\w*|vsdevcmd)(\.bat)?$/.test(argument)
        ? 'what this changes ends with this step: do it in the step that needs it'
        : undefined;
    default:
      return undefined;
  }
}

const enders = namesIn('shutdown restart-computer stop-computer logoff');

const variable = 'the variable ends with this step: use ENV, or setx /M';
const service = 'the service ends with this step: start it in ENTRYPOINT, or set its start type';
const drive = 'the drive ends with this step: use it in the same one';
