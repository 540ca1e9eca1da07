/** Windows version numbers `major.minor.build[.revision]`, compared as numbers and never as text. */
export interface OsVersion {
  readonly major: number;
  readonly minor: number;
  readonly build: number;
  /** UBR; absent in three-part versions. */
  readonly revision?: number;
}

export function parseOsVersion(text: string | undefined): OsVersion | undefined {
  const match = /^(\d{1,9})\.(\d{1,9})\.(\d{1,9})(?:\.(\d{1,9}))?$/.exec(text ?? '');
  if (match === null) return undefined;
  const [major, minor, build] = [Number(match[1]), Number(match[2]), Number(match[3])];
  return match[4] === undefined
    ? { major, minor, build }
    : { major, minor, build, revision: Number(match[4]) };
}

/** Negative when `a` is older. A missing revision counts as 0. */
export function compareOsVersions(a: OsVersion, b: OsVersion): number {
  return a.major - b.major || a.minor - b.minor || a.build - b.build || (a.revision ?? 0) - (b.revision ?? 0);
}

/** `10.0.20348`, as Docker names hosts in messages. */
export function shortOsVersion(version: OsVersion): string {
  return `${version.major}.${version.minor}.${version.build}`;
}

export function formatOsVersion(version: OsVersion): string {
  return version.revision === undefined
    ? shortOsVersion(version)
    : `${shortOsVersion(version)}.${version.revision}`;
}

/** Long-term releases with base images of their own, oldest first: build -> tag (images-and-registries.md 4.6). */
export const longTermReleases: readonly { readonly build: number; readonly tag: string }[] = [
  { build: 14393, tag: 'ltsc2016' },
  { build: 17763, tag: 'ltsc2019' },
  { build: 20348, tag: 'ltsc2022' },
  { build: 26100, tag: 'ltsc2025' },
];

/** The tag of the newest base image that a host of that build can run: `ltsc2022` for 20348 up to 26099. */
export function bestTagFor(build: number): string | undefined {
  return longTermReleases.findLast((release) => release.build <= build)?.tag;
}
