import { release, version as osVersion } from 'node:os';
import { versions } from 'node:process';
import type { VersionResponse } from '../../../api/types/index.ts';
import type { BuildInfo } from '../../../build-info.ts';

/** The level that Porthole keeps to (design.md 11). */
export const compatibility = {
  dockerVersion: '28.2.2',
  apiVersion: '1.50',
  minApiVersion: '1.24',
} as const;

/** `GET /version`: an engine for Windows containers, whatever it runs on. Loads no host. */
export function versionDocument(
  build: BuildInfo,
  host: { readonly platform: 'win32' | 'linux'; readonly arch: string },
): VersionResponse {
  const { apiVersion, minApiVersion } = compatibility;
  const arch = host.arch === 'x64' ? 'amd64' : host.arch;
  const kernel = host.platform === 'win32' ? windowsKernel(release(), osVersion()) : release();
  const details = {
    ApiVersion: apiVersion,
    Arch: arch,
    BuildTime: build.built,
    Experimental: 'false',
    GitCommit: build.commit,
    GoVersion: `node ${versions.node}`,
    KernelVersion: kernel,
    MinAPIVersion: minApiVersion,
    Os: 'windows',
  };
  return {
    Platform: { Name: `Porthole ${build.version}` },
    Components: [{ Name: 'Engine', Version: compatibility.dockerVersion, Details: details }],
    Version: compatibility.dockerVersion,
    ApiVersion: apiVersion,
    MinAPIVersion: minApiVersion,
    GitCommit: build.commit,
    GoVersion: `node ${versions.node}`,
    Os: 'windows',
    Arch: arch,
    KernelVersion: kernel,
    BuildTime: build.built,
  };
}

/** `10.0 20348 (Windows Server 2022 Datacenter)` of `10.0.20348` and the system's own name. */
function windowsKernel(version: string, name: string): string {
  const match = /^(\d+\.\d+)\.(\d+)/.exec(version);
  return match === null ? version : `${match[1]!} ${match[2]!} (${name})`;
}
