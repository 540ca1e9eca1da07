import { PortholeError } from '../errors/porthole-error.ts';
import { hresultText, HRESULT } from './hresult.ts';
import { parseOsVersion, releaseName, runsAsProcess, shortOsVersion } from './os-version.ts';

export type Isolation = 'process' | 'hyperv';

/** What decides isolation; a `ComputeHost` fits. */
export interface IsolationHost {
  readonly osVersion: string;
  readonly sku: 'server' | 'client';
  readonly hypervAvailable: boolean;
  readonly processIsolationAvailable: boolean;
  readonly backend: 'hcs' | 'wine' | 'memory';
}

export interface IsolationDecision {
  readonly isolation: Isolation;
  readonly warnings: readonly string[];
}

/** `--isolation`'s value, case-insensitive. Kind `invalid` with Docker's text otherwise (docker-cli.md 5.5). */
export function parseIsolation(value: string): Isolation | 'default' {
  switch (value.toLowerCase()) {
    case '':
    case 'default':
      return 'default';
    case 'process':
      return 'process';
    case 'hyperv':
      return 'hyperv';
    default:
      throw new PortholeError(
        'invalid',
        'ISOLATION_INVALID',
        `invalid isolation (${value}): Windows supports 'default', 'process', or 'hyperv'`,
      );
  }
}

/**
 * The isolation of a new container (hcs.md 6.1, 6.2; users.md 5.2).
 *
 * An explicit wish is kept or refused, never changed. The default is process on servers and hyperv on clients, as Docker's,
 * except where that cannot work and the other can; then a warning says so. On the embedded backend there is no kernel to
 * match, so every image version runs with process isolation.
 */
export function decideIsolation(
  requested: string,
  host: IsolationHost,
  imageOsVersion: string | undefined,
): IsolationDecision {
  const wish = parseIsolation(requested);
  if (host.backend === 'wine') {
    if (wish === 'hyperv') throw hypervMissing(host);
    return { isolation: 'process', warnings: [] };
  }
  const hostVersion = parseOsVersion(host.osVersion);
  const imageVersion = parseOsVersion(imageOsVersion);
  const known = hostVersion !== undefined && imageVersion !== undefined;
  if (known && imageVersion.build > hostVersion.build) throw newerImage(host.osVersion, imageOsVersion ?? '');
  const compatible = !known || runsAsProcess(hostVersion, imageVersion);

  if (wish === 'hyperv') {
    if (!host.hypervAvailable) throw hypervMissing(host);
    return { isolation: 'hyperv', warnings: [] };
  }
  if (wish === 'process') {
    if (!host.processIsolationAvailable) throw processMissing();
    if (!compatible) throw mismatch(host, imageOsVersion ?? '');
    return { isolation: 'process', warnings: [] };
  }

  const processWorks = host.processIsolationAvailable && compatible;
  const sameBuild = !known || hostVersion.build === imageVersion.build;
  // Field experience: from 26100 on, older builds start as process but break later (users.md 5.2).
  const risky = known && !sameBuild && hostVersion.build >= 26100;
  if (host.sku === 'server' && processWorks && !(risky && host.hypervAvailable)) {
    const warnings = risky
      ? [
          `The image is for ${releaseName(imageVersion)} and runs with process isolation on ${releaseName(hostVersion)}, which may fail. Enable Hyper-V to run it isolated`,
        ]
      : [];
    return { isolation: 'process', warnings };
  }
  if (host.hypervAvailable) return { isolation: 'hyperv', warnings: [] };
  if (processWorks) {
    return {
      isolation: 'process',
      warnings: ['Hyper-V is not available on this host. Using process isolation'],
    };
  }
  if (compatible) throw hypervMissing(host);
  throw mismatch(host, imageOsVersion ?? '');
}

function newerImage(hostVersion: string, imageVersion: string): PortholeError {
  const image = parseOsVersion(imageVersion);
  const host = parseOsVersion(hostVersion);
  return new PortholeError(
    'invalid',
    'IMAGE_OS_VERSION_NEWER',
    `a Windows version ${image === undefined ? imageVersion : shortOsVersion(image)}-based image is incompatible with a ${
      host === undefined ? hostVersion : shortOsVersion(host)
    } host`,
    {
      hint:
        host === undefined
          ? 'use an image for an older version of Windows'
          : `use the tag of this image for ${releaseName(host)}, or a newer host`,
    },
  );
}

function mismatch(host: IsolationHost, imageVersion: string): PortholeError {
  const what = `image ${imageVersion}, host ${host.osVersion}`;
  return new PortholeError(
    'invalid',
    'IMAGE_OS_VERSION_MISMATCH',
    `${hresultText(HRESULT.imageMismatch)} (0xc0370101): ${what}`,
    {
      hint: host.hypervAvailable
        ? 'use --isolation=hyperv, or the tag of this image for the version of the host'
        : 'use the tag of this image for the version of the host, or enable Hyper-V and use --isolation=hyperv',
    },
  );
}

function hypervMissing(host: IsolationHost): PortholeError {
  if (host.backend === 'wine') {
    return new PortholeError(
      'invalid',
      'ISOLATION_UNSUPPORTED',
      'invalid isolation (hyperv): Hyper-V isolation is not supported on this platform',
      {
        hint: 'leave --isolation out: containers run in Linux namespaces here; Hyper-V isolation needs a Windows host',
      },
    );
  }
  return new PortholeError(
    'invalid',
    'ISOLATION_UNSUPPORTED',
    `invalid isolation (hyperv): ${hresultText(HRESULT.hypervNotInstalled)} (0xc0370102)`,
    {
      hint: host.processIsolationAvailable
        ? 'enable the Hyper-V role and virtualization in the firmware, or use --isolation=process'
        : 'enable the Hyper-V role and virtualization in the firmware',
    },
  );
}

function processMissing(): PortholeError {
  return new PortholeError(
    'invalid',
    'ISOLATION_UNSUPPORTED',
    'invalid isolation (process): process isolation is not supported on this host',
    { hint: 'use --isolation=hyperv' },
  );
}
