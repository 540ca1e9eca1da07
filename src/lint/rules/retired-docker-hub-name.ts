import { defineRule } from '../rule.ts';
import { own } from '../../text/own.ts';

export default defineRule({
  id: 'PW022',
  name: 'retired-docker-hub-name',
  severity: 'error',
  platform: 'any',
  docs: {
    summary: 'microsoft/… moved from Docker Hub to mcr.microsoft.com',
    why: 'The old names no longer resolve.',
    see: ['docker/cli#3679', 'docker/for-win#3761', 'StefanScherer/docker-cli-builder#10'],
  },
  cases: {
    good: ['FROM mcr.microsoft.com/windows/nanoserver:ltsc2022\n'],
    bad: [{ text: 'FROM microsoft/nanoserver\n', lines: [1] }],
  },
  stage({ base, from }, { report }) {
    const name = /^(?:docker\.io\/|index\.docker\.io\/)?microsoft\/(.+)$/.exec(base.repository)?.[1];
    if (name === undefined || base.stage !== undefined) return;
    const moved: Readonly<Record<string, string>> = {
      windowsservercore: 'windows/servercore',
      nanoserver: 'windows/nanoserver',
      windows: 'windows',
      iis: 'windows/servercore/iis',
      aspnet: 'dotnet/framework/aspnet',
      wcf: 'dotnet/framework/wcf',
      'dotnet-framework': 'dotnet/framework/runtime or .../sdk',
      dotnet: 'dotnet/sdk or dotnet/runtime',
      'mssql-server-linux': 'mssql/server',
      powershell: 'powershell',
    };
    const now = own(moved, name);
    report({
      message:
        now === undefined
          ? `microsoft/${name} is no longer on Docker Hub: look for it on mcr.microsoft.com`
          : `microsoft/${name} is no longer on Docker Hub: use mcr.microsoft.com/${now}`,
      range: from.image.range(),
    });
  },
});
