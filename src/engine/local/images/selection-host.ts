import type { ComputeHost } from '../../../host/ports/compute.ts';
import { parseOsVersion } from '../../../image/os-version.ts';
import { architectureOfNode, parsePlatform } from '../../../image/platform.ts';
import type { Platform } from '../../../image/platform.ts';
import type { SelectionHost } from '../../../image/platform-select.ts';
import type { ImageDeps } from './deps.ts';

/** What the embedded backend is taken for when it can't be asked (no Wine installed): images can be pulled all the same. */
const unaskedVersion = '10.0.20348.0';

/** The host for choosing images: its Windows version, or the one that the embedded backend reports to its containers. */
export async function selectionHost(deps: ImageDeps): Promise<SelectionHost> {
  const architecture = architectureOfNode(deps.environment.arch);
  const host = await askHost(deps);
  const osVersion = parseOsVersion(host?.osVersion) ?? parseOsVersion(unaskedVersion)!;
  if (host === undefined || host.backend === 'wine') {
    return { architecture, osVersion, kind: 'emulated', isolation: 'process' };
  }
  const hyperv = host.hypervAvailable && (host.sku === 'client' || !host.processIsolationAvailable);
  return { architecture, osVersion, kind: 'windows', isolation: hyperv ? 'hyperv' : 'process' };
}

/** `--platform`, read as one of this host's where it is not whole. Throws for text that is none. */
export function requestedPlatform(deps: ImageDeps, text: string | undefined): RequestedPlatform | undefined {
  if (text === undefined || text === '') return undefined;
  const host = { os: 'windows', architecture: architectureOfNode(deps.environment.arch) };
  return { text, platform: parsePlatform(text, host) };
}

export interface RequestedPlatform {
  readonly text: string;
  readonly platform: Platform;
}

async function askHost(deps: ImageDeps): Promise<ComputeHost | undefined> {
  const { compute } = await deps.host();
  try {
    return await compute.host();
  } catch (error) {
    if (deps.environment.platform === 'linux') return undefined;
    throw error;
  }
}
