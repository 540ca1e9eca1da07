/**
 * Windows releases that base images come from, and when their support ended.
 *
 * Source: MicrosoftDocs/Virtualization-Documentation, virtualization/windowscontainers/deploy-containers/
 * base-image-lifecycle.md (page dated 2025-07-15; users.md 5.1, dockerfile.md 4 PW023). Checked: 2026-08-07.
 */
export interface WindowsRelease {
  readonly build: number;
  readonly name: string;
  /** Tags and parts of tags between dashes that mean it, lower case. */
  readonly tags: readonly string[];
  /** Last day of support of the container images, `YYYY-MM-DD`; `ended` where only that is known. */
  readonly end: string;
}

export const windowsReleasesDate = '2026-08-07';

export const windowsReleases: readonly WindowsRelease[] = [
  { build: 26100, name: 'Windows Server 2025', tags: ['ltsc2025'], end: '2034-10-10' },
  { build: 20348, name: 'Windows Server 2022', tags: ['ltsc2022'], end: '2031-10-14' },
  { build: 17763, name: 'Windows Server 2019', tags: ['ltsc2019', '1809'], end: '2029-01-09' },
  // Mainstream end: the image is no longer refreshed with the extended support of the host.
  { build: 14393, name: 'Windows Server 2016', tags: ['ltsc2016', 'sac2016', '1607'], end: '2022-01-11' },
  { build: 15063, name: 'Windows 10, version 1703', tags: ['1703'], end: 'ended' },
  { build: 16299, name: 'Windows Server, version 1709', tags: ['1709'], end: '2019-04-09' },
  { build: 17134, name: 'Windows Server, version 1803', tags: ['1803'], end: '2019-11-12' },
  { build: 18362, name: 'Windows Server, version 1903', tags: ['1903'], end: 'ended' },
  { build: 18363, name: 'Windows Server, version 1909', tags: ['1909'], end: '2021-05-11' },
  { build: 19041, name: 'Windows Server, version 2004', tags: ['2004'], end: 'ended' },
  { build: 19042, name: 'Windows Server, version 20H2', tags: ['20h2'], end: 'ended' },
];

/** By tag (`4.8-windowsservercore-ltsc2019`, `10.0.17763.1879`); undefined for tags that name none. */
export function releaseOfTag(tag: string | undefined): WindowsRelease | undefined {
  if (tag === undefined) return undefined;
  const version = /^10\.0\.(\d+)/.exec(tag);
  let first =
    version === null ? Infinity : windowsReleases.findIndex(({ build }) => String(build) === version[1]);
  if (first < 0) first = Infinity;
  for (const part of tag.toLowerCase().split(/[-_]/)) first = Math.min(first, places.get(part) ?? Infinity);
  return windowsReleases[first];
}

/** Places in the table, by tag. */
const places = new Map(
  windowsReleases.flatMap(({ tags }, index) => tags.map((name) => [name, index] as const)),
);

/** `asOf`: milliseconds since the epoch; infinite = the day this table was checked. */
export function isEnded({ end }: WindowsRelease, asOf: number): boolean {
  if (end === 'ended') return true;
  const today = Number.isFinite(asOf) ? asOf : Date.parse(`${windowsReleasesDate}T00:00:00Z`);
  // The last day itself is still supported.
  return today >= Date.parse(`${end}T00:00:00Z`) + 86_400_000;
}
