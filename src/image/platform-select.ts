/**
 * Which entry of an index a host can run (images-and-registries.md 4.5), and whether a single image can be (4.2.5).
 * Versions are compared as numbers. Docker's classic rule (any build not above the host's, in list order) is refined: the
 * exact build first, then builds whose ABI the host keeps, then older ones, which need Hyper-V isolation.
 */
import { PortholeError } from '../errors/porthole-error.ts';
import type { Descriptor, PlatformFields } from './descriptor.ts';
import {
  bestTagFor,
  compareOsVersions,
  formatOsVersion,
  longTermReleases,
  parseOsVersion,
  shortOsVersion,
} from './os-version.ts';
import type { OsVersion } from './os-version.ts';
import { formatPlatform, normalizePlatform, platformOfFields } from './platform.ts';
import type { Platform } from './platform.ts';

/** The host as far as choosing images goes. */
export interface SelectionHost {
  readonly architecture: string;
  /** Of Windows, or the version that the embedded backend reports to its containers. */
  readonly osVersion: OsVersion;
  /** `emulated`: the embedded backend, which runs any Windows version. */
  readonly kind: 'windows' | 'emulated';
  readonly isolation: 'process' | 'hyperv';
}

/** `older`: only with Hyper-V isolation. `unversioned`: the entry does not say. `newer`: only an emulated host takes it. */
export type Fit = 'exact' | 'compatible' | 'older' | 'unversioned' | 'newer';

export interface Selection {
  readonly descriptor: Descriptor;
  readonly fit: Fit;
}

interface Candidate extends Selection {
  readonly version: OsVersion | undefined;
}

/** The oldest build of the line that keeps its container ABI for newer hosts. */
const stableSince = 20348;

/**
 * Chooses from an index. `requested` is what `--platform` said: its architecture replaces the host's, its version must be
 * met. No entry: kind `notFound`, code `IMAGE_PLATFORM_MISMATCH`, Docker's text, and a hint that lists what is offered.
 */
export function selectManifest(
  entries: readonly Descriptor[],
  host: SelectionHost,
  requested?: { readonly text: string; readonly platform: Platform },
): Selection {
  const candidates = entries
    .filter((entry) => isEligible(entry, host, requested?.platform))
    .map((descriptor) => candidateOf(descriptor, host))
    .filter((candidate): candidate is Candidate => candidate !== undefined);
  const best = candidates.sort((a, b) => compareCandidates(a, b, host))[0];
  if (best === undefined) throw noMatch(entries, host, requested);
  return { descriptor: best.descriptor, fit: best.fit };
}

/**
 * Checks a single image's own configuration, before any layer is fetched. Kind `invalid`: code `IMAGE_OS_UNSUPPORTED` or
 * `IMAGE_PLATFORM_MISMATCH`. Gives how it fits.
 */
export function checkImagePlatform(
  image: { readonly os: string; readonly 'os.version'?: string },
  host: SelectionHost,
): Fit {
  checkImageOs(image);
  const version = parseOsVersion(image['os.version']);
  if (version === undefined) return 'unversioned';
  const fit = fitOf(version, host);
  if (fit !== undefined) return fit;
  throw new PortholeError(
    'invalid',
    'IMAGE_PLATFORM_MISMATCH',
    `a Windows version ${shortOsVersion(version)}-based image is incompatible with a ${shortOsVersion(host.osVersion)} host`,
    { hint: tagHint(host) },
  );
}

/** Kind `invalid`, code `IMAGE_OS_UNSUPPORTED` for images that are not Windows'. */
export function checkImageOs(image: { readonly os: string }): void {
  if (image.os.toLowerCase() === 'windows') return;
  const name = image.os === '' ? 'linux' : image.os;
  throw new PortholeError(
    'invalid',
    'IMAGE_OS_UNSUPPORTED',
    `image operating system "${name}" cannot be used on this platform: operating system is not supported`,
    {
      hint: 'porthole runs Windows containers: choose an image built for Windows, or a tag of this one that is',
    },
  );
}

/** How an image of that version would run here; undefined when it can't. */
export function fitOf(version: OsVersion, host: SelectionHost): Fit | undefined {
  const own = host.osVersion;
  if (version.major === own.major && version.minor === own.minor && version.build === own.build)
    return 'exact';
  const newer = compareOsVersions({ ...version, revision: 0 }, { ...own, revision: 0 }) > 0;
  if (newer) return host.kind === 'emulated' ? 'newer' : undefined;
  return host.kind === 'emulated' || (version.build >= stableSince && own.build >= stableSince)
    ? 'compatible'
    : 'older';
}

function isEligible(entry: Descriptor, host: SelectionHost, requested: Platform | undefined): boolean {
  const fields: PlatformFields | null | undefined = entry.platform;
  // Some tools write lists without platforms: the image's own configuration is checked before any layer.
  if (fields === undefined || fields === null) return requested === undefined;
  const platform = platformOfFields(fields);
  if (platform.os === 'unknown' || platform.os !== (requested?.os ?? 'windows')) return false;
  if (
    platform.architecture !==
    (requested?.architecture ??
      normalizePlatform({ os: 'windows', architecture: host.architecture }).architecture)
  )
    return false;
  if (requested?.variant !== undefined && platform.variant !== requested.variant) return false;
  return requested?.osVersion === undefined || meetsVersion(platform.osVersion, requested.osVersion);
}

/** `10.0.17763` asks for the build, `10.0.17763.2928` for the revision too. */
function meetsVersion(offered: string | undefined, wanted: string): boolean {
  if (offered === wanted) return true;
  const [have, want] = [parseOsVersion(offered), parseOsVersion(wanted)];
  if (have === undefined || want === undefined) return false;
  return (
    compareOsVersions(
      { ...have, revision: want.revision === undefined ? 0 : (have.revision ?? 0) },
      { ...want, revision: want.revision ?? 0 },
    ) === 0
  );
}

function candidateOf(descriptor: Descriptor, host: SelectionHost): Candidate | undefined {
  const text = descriptor.platform?.['os.version'];
  if (text === undefined || text === '') return { descriptor, fit: 'unversioned', version: undefined };
  const version = parseOsVersion(text);
  if (version === undefined) return { descriptor, fit: 'unversioned', version: undefined };
  const fit = fitOf(version, host);
  return fit === undefined ? undefined : { descriptor, fit, version };
}

const ranks: Readonly<Record<SelectionHost['isolation'], Readonly<Record<Fit, number>>>> = {
  process: { exact: 0, compatible: 1, unversioned: 2, older: 3, newer: 4 },
  hyperv: { exact: 0, compatible: 1, older: 1, unversioned: 2, newer: 4 },
};

/** Array.sort is stable: what remains equal keeps the list's order. */
function compareCandidates(a: Candidate, b: Candidate, host: SelectionHost): number {
  const byFit = ranks[host.isolation][a.fit] - ranks[host.isolation][b.fit];
  if (byFit !== 0 || a.version === undefined || b.version === undefined) return byFit;
  if (host.kind === 'emulated') {
    const byLongTerm = Number(isLongTerm(b.version)) - Number(isLongTerm(a.version));
    if (byLongTerm !== 0) return byLongTerm;
    if (a.fit === 'newer' && a.version.build !== b.version.build) return a.version.build - b.version.build;
  }
  if (a.version.build !== b.version.build) return b.version.build - a.version.build;
  return compareRevisions(a.version, b.version, host.osVersion);
}

/** On the host's own build the newest revision that is not above the host's; otherwise the newest. */
function compareRevisions(a: OsVersion, b: OsVersion, own: OsVersion): number {
  if (own.revision !== undefined && a.build === own.build) {
    const above = (version: OsVersion): number => Number((version.revision ?? 0) > own.revision!);
    if (above(a) !== above(b)) return above(a) - above(b);
  }
  return (b.revision ?? 0) - (a.revision ?? 0);
}

function isLongTerm(version: OsVersion): boolean {
  return longTermReleases.some((release) => release.build === version.build);
}

function noMatch(
  entries: readonly Descriptor[],
  host: SelectionHost,
  requested: { readonly text: string } | undefined,
): PortholeError {
  const wanted =
    requested?.text ??
    formatPlatform({
      os: 'windows',
      architecture: host.architecture,
      osVersion: shortOsVersion(host.osVersion),
    });
  return new PortholeError(
    'notFound',
    'IMAGE_PLATFORM_MISMATCH',
    `no matching manifest for ${wanted} in the manifest list entries`,
    { hint: offerHint(entries, host) },
  );
}

function offerHint(entries: readonly Descriptor[], host: SelectionHost): string {
  const offered = new Set<string>();
  for (const { platform } of entries) {
    if (platform === undefined || platform === null || platform.os === 'unknown') continue;
    const version = parseOsVersion(platform['os.version']);
    offered.add(
      formatPlatform({
        ...platformOfFields({ os: platform.os, architecture: platform.architecture }),
        ...(version === undefined ? {} : { osVersion: formatOsVersion(version) }),
      }),
    );
  }
  const list = [...offered].slice(0, 8).join(', ');
  const more = offered.size > 8 ? ` and ${offered.size - 8} more` : '';
  const what = offered.size === 0 ? 'the list names no platforms' : `the list offers ${list}${more}`;
  return [...offered].some((name) => name.startsWith('windows')) ? `${what}; ${tagHint(host)}` : what;
}

function tagHint(host: SelectionHost): string {
  const tag = bestTagFor(host.osVersion.build);
  const own = shortOsVersion(host.osVersion);
  return tag === undefined
    ? `this host is ${own}`
    : `this host is ${own}: a tag such as ${tag} or older fits`;
}
