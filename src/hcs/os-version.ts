/** Windows versions as images and hosts spell them: `10.0.20348.2227`; old bases have three parts, many have none. */
export interface OsVersion {
  readonly major: number;
  readonly minor: number;
  readonly build: number;
  /** UBR; undefined when the text had three parts. */
  readonly revision: number | undefined;
}

/** Undefined for absent or malformed versions: such images pass every check (hcs.md 6.2). */
export function parseOsVersion(text: string | undefined): OsVersion | undefined {
  const match = /^(\d+)\.(\d+)\.(\d+)(?:\.(\d+))?$/.exec(text?.trim() ?? '');
  if (match === null) return undefined;
  return {
    major: Number(match[1]),
    minor: Number(match[2]),
    build: Number(match[3]),
    revision: match[4] === undefined ? undefined : Number(match[4]),
  };
}

/** `10.0.20348` */
export function shortOsVersion(version: OsVersion): string {
  return `${version.major}.${version.minor}.${version.build}`;
}

const longTermBuilds = [20348, 26100];

/**
 * Whether a host can run an image without a utility VM: below 20348 builds must be equal (14393: revisions too), from there
 * on the previous long-term build up to the host's own (hcs.md 6.2, users.md 5.2).
 */
export function runsAsProcess(host: OsVersion, image: OsVersion): boolean {
  if (host.major !== image.major || host.minor !== image.minor) return false;
  if (host.build < 20348) {
    if (host.build !== image.build) return false;
    const known = image.revision !== undefined && host.revision !== undefined;
    return host.build !== 14393 || !known || image.revision === host.revision;
  }
  const oldest = longTermBuilds.filter((build) => build < host.build).at(-1) ?? host.build;
  return image.build >= oldest && image.build <= host.build;
}

/** `Windows Server 2022` for builds people know by name, else `build 20349`. */
export function releaseName(version: OsVersion): string {
  switch (version.build) {
    case 14393:
      return 'Windows Server 2016';
    case 17763:
      return 'Windows Server 2019';
    case 20348:
      return 'Windows Server 2022';
    case 25398:
      return 'Windows Server, version 23H2';
    case 26100:
      return 'Windows Server 2025';
    default:
      return `Windows build ${version.build}`;
  }
}
