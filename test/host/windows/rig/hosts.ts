/** Compute ports on the stand-ins, and documents that they take. */
import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync } from 'node:fs';
import type { ContainerV1Document, ContainerV2Document } from '../../../../src/hcs/documents.ts';
import { computecoreDriver } from '../../../../src/host/windows/computecore-driver.ts';
import { createWindowsCompute } from '../../../../src/host/windows/compute.ts';
import { hostLock, hostLockPath, type HostLockOptions } from '../../../../src/host/windows/host-lock.ts';
import { registryCredentialSpec } from '../../../../src/host/windows/registry-credential-spec.ts';
import { vmcomputeDriver } from '../../../../src/host/windows/vmcompute-driver.ts';
import type { ComputeHost, ComputePort } from '../../../../src/host/ports/compute.ts';

export const facts: ComputeHost = {
  osVersion: '10.0.20348.2227',
  sku: 'server',
  hypervAvailable: true,
  processIsolationAvailable: true,
  backend: 'hcs',
  description: 'Windows Server 2022 Datacenter',
  limits: { memory: true, cpu: true },
};

export const compute = (): ComputePort =>
  createWindowsCompute({
    v2: computecoreDriver,
    v1: vmcomputeDriver,
    host: async () => facts,
    credentialSpec: registryCredentialSpec,
  });

/** A build without computecore.dll. */
export const olderCompute = (): ComputePort =>
  createWindowsCompute({
    v2: undefined,
    v1: vmcomputeDriver,
    host: async () => facts,
    credentialSpec: registryCredentialSpec,
  });

const layers = 'C:\\ProgramData\\porthole\\windowsfilter';

export function v2Document(): ContainerV2Document {
  return {
    Owner: 'porthole',
    SchemaVersion: { Major: 2, Minor: 1 },
    Container: {
      GuestOs: { HostName: 'web1' },
      Storage: {
        Layers: [{ Id: randomUUID(), Path: `${layers}\\base` }],
        Path: `\\\\?\\Volume{${randomUUID()}}\\`,
      },
    },
  };
}

/** The same on a volume that exists: such a system's programs have a C: of their own. One volume for all of them. */
export function mountedDocument(): ContainerV2Document {
  const document = v2Document();
  volumeName ??= `volume{${randomUUID()}}`;
  mkdirSync(`${prefixFolder()}\\dosdevices\\${volumeName}`, { recursive: true });
  const Storage = { ...document.Container.Storage, Path: `\\\\?\\V${volumeName.slice(1)}\\` };
  return { ...document, Container: { ...document.Container, Storage } };
}

let volumeName: string | undefined;

/** The Wine prefix, which has no drive letter. */
function prefixFolder(): string {
  return `\\\\?\\unix${process.env['WINEPREFIX']!.replaceAll('/', '\\')}`;
}

/** What shows systems their own C: and is there as long as they run (native/standin/container-view.c). */
export function views(): string[] {
  return readdirSync(prefixFolder()).filter((name) => name.startsWith('volume'));
}

/** With a credential spec, as the builders ask for one. */
export function guardedDocument(): ContainerV2Document {
  const document = v2Document();
  const ContainerCredentialGuard = {
    CredentialSpec: '{"CmsPlugins":["ActiveDirectory"]}',
    Transport: 'LRPC' as const,
  };
  return { ...document, Container: { ...document.Container, ContainerCredentialGuard } };
}

export function hypervDocument(id: string): ContainerV1Document {
  return {
    SystemType: 'Container',
    Name: id,
    Owner: 'porthole',
    LayerFolderPath: `${layers}\\${id}`,
    Layers: [{ ID: randomUUID(), Path: `${layers}\\base` }],
    HvPartition: true,
    HvRuntime: { ImagePath: `${layers}\\base\\UtilityVM` },
  };
}

type Exclusively = <T>(work: () => Promise<T>) => Promise<T>;

export const hnsLock = (): Exclusively => hostLock(hostLockPath('hns', process.env));
export const testLock = (options: HostLockOptions = {}): Exclusively =>
  hostLock(hostLockPath('test', process.env), options);
