import { release, version as osVersion } from 'node:os';
import type { VersionResponse } from '../../../api/types/index.ts';

/** The level that Porthole keeps to (design.md 11). */
export const compatibility = {
  dockerVersion: '28.2.2',
  apiVersion: '1.50',
  minApiVersion: '1.24',
} as const;

export interface BuildFacts {
  /** Version of this package. */
  readonly version: string;
  readonly nodeVersion: string;
}

/** `GET /version`: an engine for Windows containers, whatever it runs on. Loads no host. */
export function versionDocument(
  facts: BuildFacts,
  host: { readonly platform: 'win32' | 'linux'; readonly arch: string },
): VersionResponse {
  const { apiVersion, minApiVersion } = compatibility;
  const arch = host.arch === 'x64' ? 'amd64' : host.arch;
  const kernel = host.platform === 'win32' ? windowsKernel(release(), osVersion()) : release();
  const details = {
    ApiVersion: apiVersion,
    Arch: arch,
    BuildTime: '',
    Experimental: 'false',
    GitCommit: '',
    GoVersion: `node ${facts.nodeVersion}`,
    KernelVersion: kernel,
    MinAPIVersion: minApiVersion,
    Os: 'windows',
  };
  return {
    Platform: { Name: `Porthole ${facts.version}` },
    Components: [{ Name: 'Engine', Version: compatibility.dockerVersion, Details: details }],
    Version: compatibility.dockerVersion,
    ApiVersion: apiVersion,
    MinAPIVersion: minApiVersion,
    GitCommit: '',
    GoVersion: `node ${facts.nodeVersion}`,
    Os: 'windows',
    Arch: arch,
    KernelVersion: kernel,
    BuildTime: '',
  };
}

/** `10.0 20348 (Windows Server 2022 Datacenter)` of `10.0.20348` and the system's own name. */
function windowsKernel(version: string, name: string): string {
  const match = /^(\d+\.\d+)\.(\d+)/.exec(version);
  return match === null ? version : `${match[1]!} ${match[2]!} (${name})`;
}
