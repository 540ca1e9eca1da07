/** Can a host run an image, in which isolation, and why (users.md 5.2). Pure; the rules are those that `run` goes by. */
import { asError, PortholeError } from '../errors/porthole-error.ts';
import { decideIsolation } from '../hcs/isolation.ts';
import type { Isolation } from '../hcs/isolation.ts';
import { parseOsVersion, releaseName, shortOsVersion } from '../hcs/os-version.ts';
import type { OsVersion } from '../hcs/os-version.ts';
import { isEnded, windowsReleases } from '../lint/data/windows-releases.ts';
import type { CompatHost } from './host.ts';
import { matchIssues } from './known-issues.ts';
import type { KnownIssue, KnownIssues } from './known-issues.ts';

export interface CompatImage {
  readonly os: string;
  readonly architecture: string;
  readonly osVersion?: string | undefined;
  readonly repository?: string | undefined;
}

export interface ModeVerdict {
  readonly works: boolean;
  /** Why not. */
  readonly why?: string;
}

export interface Verdict {
  readonly process: ModeVerdict;
  readonly hyperv: ModeVerdict;
  /** What `run` takes without `--isolation`; undefined when the image does not run at all. */
  readonly isolation: Isolation | undefined;
  /** One sentence without a full stop. */
  readonly reason: string;
  /** What to do instead, when it does not run. */
  readonly advice?: string;
  readonly warnings: readonly string[];
  readonly knownIssues: readonly KnownIssue[];
}

export interface JudgeOptions {
  /** `''` = what porthole would choose. */
  readonly isolation: '' | Isolation;
  readonly issues: KnownIssues;
  /** Milliseconds since the epoch, for end-of-support dates. */
  readonly now: number;
}

export function judge(image: CompatImage, host: CompatHost, options: JudgeOptions): Verdict {
  const foreign = foreignReason(image, host);
  if (foreign !== undefined) return refused(foreign.reason, foreign.advice);
  const process = attempt('process', host, image);
  const hyperv = attempt('hyperv', host, image);
  const wish = attempt(options.isolation, host, image);
  if (wish.isolation === undefined) {
    return {
      ...refused(wish.why ?? 'it cannot run', wish.advice),
      process: mode(process),
      hyperv: mode(hyperv),
    };
  }
  const { isolation } = wish;
  const versions = { host: parseOsVersion(host.osVersion), image: parseOsVersion(image.osVersion) };
  return {
    process: mode(process),
    hyperv: mode(hyperv),
    isolation,
    reason: reasonOf(isolation, host, versions.host, versions.image, process.works),
    warnings: [
      ...wish.warnings,
      ...revisionWarning(isolation, host, versions.host, versions.image),
      ...supportWarning(versions.image, options.now),
    ],
    knownIssues:
      host.backend === 'wine' || versions.host === undefined || versions.image === undefined
        ? []
        : matchIssues(options.issues, {
            hostBuild: versions.host.build,
            imageBuild: versions.image.build,
            isolation,
            repository: image.repository,
          }),
  };
}

function refused(reason: string, advice: string | undefined): Verdict {
  return {
    process: { works: false, why: reason },
    hyperv: { works: false, why: reason },
    isolation: undefined,
    reason,
    ...(advice === undefined ? {} : { advice }),
    warnings: [],
    knownIssues: [],
  };
}

function foreignReason(image: CompatImage, host: CompatHost): { reason: string; advice: string } | undefined {
  if (image.os.toLowerCase() !== 'windows') {
    return {
      reason: `it is built for ${image.os === '' ? 'an unknown system' : image.os}, not for Windows`,
      advice: 'choose a Windows tag of the image, or run it with a Linux engine',
    };
  }
  if (image.architecture !== host.architecture) {
    return {
      reason: `it is built for ${image.architecture}, and the host is ${host.architecture}`,
      advice: `choose a tag for ${host.architecture}`,
    };
  }
  return undefined;
}

interface Attempt {
  readonly works: boolean;
  readonly isolation?: Isolation;
  readonly why?: string;
  readonly advice?: string;
  readonly warnings: readonly string[];
}

function attempt(wish: '' | Isolation, host: CompatHost, image: CompatImage): Attempt {
  try {
    const { isolation, warnings } = decideIsolation(wish, host, image.osVersion);
    return { works: true, isolation, warnings };
  } catch (error) {
    const { hint } = error instanceof PortholeError ? error : { hint: undefined };
    return {
      works: false,
      why: asError(error).message.replace(/\.$/, ''),
      ...(hint === undefined ? {} : { advice: hint }),
      warnings: [],
    };
  }
}

function mode({ works, why }: Attempt): ModeVerdict {
  return { works, ...(why === undefined ? {} : { why }) };
}

function reasonOf(
  isolation: Isolation,
  host: CompatHost,
  own: OsVersion | undefined,
  image: OsVersion | undefined,
  processWorks: boolean,
): string {
  if (host.backend === 'wine')
    return 'Windows programs run under Wine here, whatever version the image is for';
  if (own === undefined || image === undefined) {
    return 'the image does not say which Windows it is for, so nothing can be checked before it starts';
  }
  const builds = `image ${image.build}, host ${own.build}`;
  if (isolation === 'process') {
    return own.build === image.build
      ? `image and host have the same build, ${own.build}`
      : `hosts from build 20348 on keep running images of the long-term release before (${builds})`;
  }
  if (!processWorks) {
    return host.processIsolationAvailable
      ? `the builds differ too much for one kernel (${builds}), and a utility VM brings its own`
      : 'this Windows has no process isolation';
  }
  if (host.sku === 'client')
    return 'clients take Hyper-V isolation by default; --isolation=process works too';
  return own.build === image.build
    ? 'it was asked for; process isolation works too'
    : `process isolation is possible but less reliable for another build (${builds})`;
}

/** A rule that holds mostly: revisions need not match, yet images ahead of the host's patches may fail (users.md P17). */
function revisionWarning(
  isolation: Isolation,
  host: CompatHost,
  own: OsVersion | undefined,
  image: OsVersion | undefined,
): string[] {
  if (host.backend !== 'hcs' || isolation !== 'process') return [];
  if (own?.build === 14393 && own.revision === undefined)
    return [
      'Windows Server 2016 takes images of its own revision only: give it, as in --host-version 10.0.14393.7428',
    ];
  if (own?.revision === undefined || image?.revision === undefined || own.build !== image.build) return [];
  if (image.revision <= own.revision) return [];
  return [
    `the image has revision ${image.revision}, the host ${own.revision}: if it fails with 0xC0370106, update the host or use --isolation=hyperv`,
  ];
}

function supportWarning(image: OsVersion | undefined, now: number): string[] {
  const release = windowsReleases.find(({ build }) => build === image?.build);
  if (release === undefined || !isEnded(release, now)) return [];
  const when = release.end === 'ended' ? 'has ended' : `ended on ${release.end}`;
  return [`support of base images for ${release.name} ${when}`];
}

/** `Windows Server 2022 (10.0.20348.2700)`, or what runs in its place. */
export function describeCompatHost(host: CompatHost): string {
  if (host.backend === 'wine') return host.name;
  const version = parseOsVersion(host.osVersion);
  const name = host.name === '' && version !== undefined ? releaseName(version) : host.name;
  const hyperv = host.hypervAvailable ? 'with Hyper-V' : 'without Hyper-V';
  const shown =
    version === undefined
      ? host.osVersion
      : shortOsVersion(version) + (version.revision === undefined ? '' : `.${version.revision}`);
  return `${name} (${host.sku} ${shown}), ${hyperv}`;
}
