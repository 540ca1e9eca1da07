/** `docker version` as text (`system/version.go`; docker-cli.md 2.6). */
import type { VersionResponse } from '../../api/types/index.ts';
import { formatTime, parseRfc3339 } from '../../text/go-time.ts';
import { alignTabs } from '../../text/tabwriter.ts';

export interface ClientVersion {
  Platform?: { Name: string };
  Version: string;
  ApiVersion: string;
  DefaultAPIVersion: string;
  GitCommit?: string;
  GoVersion?: string;
  Os: string;
  Arch: string;
  BuildTime?: string;
  Context: string;
}

export interface VersionDocument {
  Client: ClientVersion;
  Server: VersionResponse | null;
}

/** `Fri May 30 12:07:14 2025`; other texts stay as they are. */
export function buildTimeText(text: string): string {
  const time = parseRfc3339(text);
  return time ? formatTime(time, 'Mon Jan _2 15:04:05 2006') : text;
}

/** The engine's answer as `--format` and the text see it: one component at least, build times readable. */
export function normalizeServer(server: VersionResponse): VersionResponse {
  const components =
    server.Components.length > 0
      ? server.Components
      : [
          {
            Name: 'Engine',
            Version: server.Version,
            Details: {
              ApiVersion: server.ApiVersion,
              MinAPIVersion: server.MinAPIVersion,
              GitCommit: server.GitCommit,
              GoVersion: server.GoVersion,
              Os: server.Os,
              Arch: server.Arch,
              BuildTime: server.BuildTime,
              Experimental: 'false',
            },
          },
        ];
  return {
    ...server,
    Components: components.map((component) => {
      const built = component.Details?.['BuildTime'];
      return built === undefined || component.Name !== 'Engine'
        ? component
        : { ...component, Details: { ...component.Details, BuildTime: buildTimeText(built) } };
    }),
  };
}

type Line = readonly [label: string, value: string | undefined];

const cells = (indent: string, lines: readonly Line[]) =>
  lines
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([label, value]) => `${indent}${label}:\t${value}`);

function clientLines(client: ClientVersion): string[] {
  const downgraded =
    client.ApiVersion === client.DefaultAPIVersion ? '' : ` (downgraded from ${client.DefaultAPIVersion})`;
  return [
    `Client:${client.Platform ? ` ${client.Platform.Name}` : ''}`,
    ...cells(' ', [
      ['Version', client.Version],
      ['API version', client.ApiVersion + downgraded],
      ['Go version', client.GoVersion],
      ['Git commit', client.GitCommit],
      ['Built', client.BuildTime],
      ['OS/Arch', `${client.Os}/${client.Arch}`],
      ['Context', client.Context],
    ]),
  ];
}

function componentLines(component: VersionResponse['Components'][number]): string[] {
  const { Name: name, Version: version, Details: details = {} } = component;
  if (name !== 'Engine') {
    const sorted = Object.keys(details)
      .sort()
      .map((key) => [key, details[key]] as const);
    return [` ${name}:`, ...cells('  ', [['Version', version], ...sorted])];
  }
  return [
    ` ${name}:`,
    ...cells('  ', [
      ['Version', version],
      ['API version', `${details['ApiVersion'] ?? ''} (minimum version ${details['MinAPIVersion'] ?? ''})`],
      ['Go version', details['GoVersion']],
      ['Node version', details['NodeVersion']],
      ['Git commit', details['GitCommit']],
      ['Built', details['BuildTime']],
      ['OS/Arch', `${details['Os'] ?? ''}/${details['Arch'] ?? ''}`],
      ['Experimental', details['Experimental']],
    ]),
  ];
}

/** Text with values in a column of their own. Lines without a value are left out: Porthole has no Go version. */
export function versionText({ Client: client, Server: server }: VersionDocument): string {
  const lines = clientLines(client);
  if (server) {
    const name = server.Platform?.Name ?? '';
    lines.push('', `Server:${name === '' ? '' : ` ${name}`}`, ...server.Components.flatMap(componentLines));
  }
  return alignTabs(`${lines.join('\n')}\n`, { minWidth: 20, padding: 1 });
}
