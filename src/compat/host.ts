/** The host that images are judged for: this one, or one that `--host-version` names. */
import { PortholeError } from '../errors/porthole-error.ts';
import { parseOsVersion, releaseName } from '../hcs/os-version.ts';
import type { IsolationHost } from '../hcs/isolation.ts';

export interface CompatHost extends IsolationHost {
  /** `amd64` */
  readonly architecture: string;
  /** `Windows Server 2022` */
  readonly name: string;
}

interface NamedHost {
  readonly build: number;
  readonly sku: 'server' | 'client';
  readonly name: string;
  readonly spellings: readonly string[];
}

const namedHosts: readonly NamedHost[] = [
  server(14393, 'Windows Server 2016', '2016'),
  server(17763, 'Windows Server 2019', '2019'),
  server(20348, 'Windows Server 2022', '2022'),
  server(25398, 'Windows Server, version 23H2', '23h2'),
  server(26100, 'Windows Server 2025', '2025'),
  client(17763, 'Windows 10 1809', 'win10-1809'),
  client(19041, 'Windows 10 2004', 'win10-2004'),
  client(19044, 'Windows 10 21H2', 'win10-21h2'),
  client(19045, 'Windows 10 22H2', 'win10-22h2'),
  client(22000, 'Windows 11 21H2', 'win11-21h2'),
  client(22621, 'Windows 11 22H2', 'win11-22h2'),
  client(22631, 'Windows 11 23H2', 'win11-23h2'),
  client(26100, 'Windows 11 24H2', 'win11-24h2'),
  client(26200, 'Windows 11 25H2', 'win11-25h2'),
];

function server(build: number, name: string, year: string): NamedHost {
  return { build, sku: 'server', name, spellings: [`ltsc${year}`, `windows-${year}`, `server${year}`, year] };
}

function client(build: number, name: string, spelling: string): NamedHost {
  return { build, sku: 'client', name, spellings: [spelling] };
}

export const hostNames: readonly string[] = namedHosts.map(({ spellings }) => spellings[0]!);

export interface HostWish {
  readonly sku?: 'server' | 'client';
  readonly hyperv: boolean;
  readonly architecture: string;
}

/** Of Windows 10 and Server 2016 on; a build has five digits. */
const firstBuild = 10_240;
const lastBuild = 99_999;

/**
 * A host by name (`ltsc2022`, `windows-2025`, `win11-24h2`), build (`20348`) or version (`10.0.20348.2700`). A build that
 * servers and clients share is a server unless the wish says otherwise. Kind `invalid`, code `HOST_VERSION`.
 */
export function namedHost(text: string, wish: HostWish): CompatHost {
  const lower = text.toLowerCase();
  const named = namedHosts.find(({ spellings }) => spellings.includes(lower));
  const full = /^\d+(?:\.\d+)?$/.test(text) && named === undefined ? `10.0.${text}` : text;
  const version = parseOsVersion(named === undefined ? full : `10.0.${named.build}`);
  if (version === undefined || version.build < firstBuild || version.build > lastBuild) {
    throw new PortholeError('invalid', 'HOST_VERSION', `unknown host version "${text}"`, {
      hint: `give 10.0.BUILD.REVISION, a build, or one of ${hostNames.join(', ')}`,
    });
  }
  const ofBuild = namedHosts.filter(({ build }) => build === version.build);
  const sku = wish.sku ?? named?.sku ?? ofBuild[0]?.sku ?? 'client';
  const osVersion = [version.major, version.minor, version.build, version.revision]
    .filter((part) => part !== undefined)
    .join('.');
  return {
    osVersion,
    sku,
    hypervAvailable: wish.hyperv,
    // Clients have it since 1809 (hcs.md 6.1).
    processIsolationAvailable: sku === 'server' || version.build >= 17763,
    backend: 'hcs',
    architecture: wish.architecture,
    name: ofBuild.find((one) => one.sku === sku)?.name ?? releaseName(version),
  };
}
