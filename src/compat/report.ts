/** What one image reference offers, judged for a host. Pure. */
import { PortholeError } from '../errors/porthole-error.ts';
import type { Descriptor } from '../image/descriptor.ts';
import { isDigest } from '../image/digest.ts';
import { parseOsVersion } from '../image/os-version.ts';
import type { Platform } from '../image/platform.ts';
import { selectManifest } from '../image/platform-select.ts';
import type { SelectionHost } from '../image/platform-select.ts';
import type { CompatHost } from './host.ts';
import { judge } from './judge.ts';
import type { JudgeOptions, Verdict } from './judge.ts';

/** As the images role gives it. */
export interface Offer {
  readonly reference: string;
  readonly source: 'local' | 'registry';
  readonly kind: 'index' | 'manifest';
  readonly digest: string;
  readonly platforms: readonly {
    readonly digest: string;
    readonly os: string;
    readonly architecture: string;
    readonly variant?: string;
    readonly osVersion?: string;
  }[];
}

export interface CompatRow {
  readonly platform: Offer['platforms'][number];
  readonly verdict: Verdict;
  /** The one that would be pulled. */
  readonly chosen: boolean;
}

export interface CompatReport {
  readonly offer: Offer;
  readonly rows: readonly CompatRow[];
  readonly chosen?: CompatRow;
  /** `process`, `hyperv`, or undefined: it does not run. */
  readonly isolation: Verdict['isolation'];
  readonly reason: string;
  readonly advice?: string;
}

export interface ReportOptions extends JudgeOptions {
  readonly repository: string | undefined;
  /** `--platform`. */
  readonly requested?: { readonly text: string; readonly platform: Platform };
}

/** What containers report under Wine when the image does not say (linux-backend.md 7). */
const emulatedVersion = '10.0.20348.0';

function selectionHost(host: CompatHost, isolation: ReportOptions['isolation']): SelectionHost {
  const emulated = host.backend === 'wine';
  const hyperv = host.hypervAvailable && (host.sku === 'client' || !host.processIsolationAvailable);
  return {
    architecture: host.architecture,
    osVersion: parseOsVersion(emulated ? emulatedVersion : host.osVersion)!,
    kind: emulated ? 'emulated' : 'windows',
    isolation: isolation === '' ? (hyperv ? 'hyperv' : 'process') : isolation,
  };
}

export function reportOn(offer: Offer, host: CompatHost, options: ReportOptions): CompatReport {
  const verdicts = offer.platforms.map((platform) =>
    judge({ ...platform, repository: options.repository }, host, options),
  );
  let digest: string | undefined;
  let problem: { reason: string; advice?: string } | undefined;
  if (offer.kind === 'manifest') digest = offer.platforms[0]?.digest;
  else {
    try {
      const entries = offer.platforms.flatMap(descriptorOf);
      digest = selectManifest(entries, selectionHost(host, options.isolation), options.requested).descriptor
        .digest;
    } catch (error) {
      if (!(error instanceof PortholeError)) throw error;
      problem = { reason: error.message, ...(error.hint === undefined ? {} : { advice: error.hint }) };
    }
  }
  const rows = offer.platforms.map((platform, index) => ({
    platform,
    verdict: verdicts[index]!,
    chosen: platform.digest === digest,
  }));
  const chosen = rows.find((row) => row.chosen);
  if (chosen === undefined) {
    return {
      offer,
      rows,
      isolation: undefined,
      ...(problem ?? { reason: 'it offers no image' }),
    };
  }
  const { isolation, reason, advice } = chosen.verdict;
  return { offer, rows, chosen, isolation, reason, ...(advice === undefined ? {} : { advice }) };
}

function descriptorOf(platform: Offer['platforms'][number]): Descriptor[] {
  const { digest, os, architecture, variant, osVersion } = platform;
  if (!isDigest(digest)) return [];
  return [
    {
      mediaType: '',
      digest,
      size: 0,
      platform: {
        os,
        architecture,
        ...(variant === undefined ? {} : { variant }),
        ...(osVersion === undefined ? {} : { 'os.version': osVersion }),
      },
    },
  ];
}

/** One image of `compat --json`; members only grow. */
export function reportDocument(report: CompatReport): Record<string, unknown> {
  const { offer, rows, chosen, isolation, reason, advice } = report;
  return {
    reference: offer.reference,
    source: offer.source,
    kind: offer.kind,
    digest: offer.digest,
    runs: isolation !== undefined,
    isolation: isolation ?? null,
    reason,
    ...(advice === undefined ? {} : { advice }),
    warnings: chosen?.verdict.warnings ?? [],
    knownIssues: chosen?.verdict.knownIssues ?? [],
    platforms: rows.map(({ platform, verdict, chosen: isChosen }) => ({
      ...platform,
      chosen: isChosen,
      process: verdict.process,
      hyperv: verdict.hyperv,
      isolation: verdict.isolation ?? null,
    })),
  };
}
