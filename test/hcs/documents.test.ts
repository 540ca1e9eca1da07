import { join } from 'node:path';
import { containerDocument } from '../../src/hcs/container-document.ts';
import type { ContainerSpec } from '../../src/hcs/container-spec.ts';
import { processParameters } from '../../src/hcs/process.ts';
import { resolveSpec, type ResolveInput } from '../../src/hcs/resolve-spec.ts';
import { mappedMounts } from '../../src/hcs/mounts.ts';
import { caseFolders } from '../support/case-folders.ts';
import { aCreateRequest, type RequestOverrides } from '../support/create-request.ts';

interface CaseInput {
  /** What differs from `docker create app`. */
  request: RequestOverrides;
  image?: ResolveInput['image'];
  host?: Partial<ResolveInput['host']>;
  hasComputeCore?: boolean;
  utilityVm?: boolean;
  network?: ContainerSpec['network'];
  credentials?: string;
}

const containerId = '4e5021d210f65ebe4f2c1a0d6c3c2f4ad4b7a2d0b5f6f7f8f9fafbfcfdfeff00';
const server: ResolveInput['host'] = {
  osVersion: '10.0.20348.2227',
  sku: 'server',
  hypervAvailable: true,
  processIsolationAvailable: true,
  backend: 'hcs',
  cpus: 4,
  hostPaths: 'windows',
};

/** A request as the create road does it: resolve, then build the documents with what the other ports would give. */
function documentsOf(input: CaseInput): unknown {
  const spec = resolveSpec({
    containerId,
    request: aCreateRequest(input.request),
    image: input.image ?? { config: { Cmd: ['cmd'] }, os: 'windows', osVersion: '10.0.20348.2227' },
    host: { ...server, ...input.host },
  });
  const root = 'C:\\ProgramData\\porthole\\windowsfilter';
  const mounts = mappedMounts(
    spec.mounts.map((mount) => ({
      Type: mount.type,
      Source:
        mount.type === 'volume'
          ? `C:\\ProgramData\\porthole\\volumes\\${mount.source || 'anonymous'}\\_data`
          : mount.source,
      Destination: mount.destination,
      RW: !mount.readOnly,
    })),
  );
  const document = containerDocument(
    {
      id: containerId,
      owner: 'porthole',
      hostName: spec.config.Hostname,
      storage: {
        volumePath: '\\\\?\\Volume{72ec7446-cd0e-4a36-a81b-6cde1f516d6d}\\',
        folder: `${root}\\${containerId}`,
        layers: [
          { Id: '3b8a85e6-0901-5097-b9db-e5c9652c0aa0', Path: `${root}\\top` },
          { Id: 'fdc8e540-e6ad-5a37-9cd1-eba8a97618a8', Path: `${root}\\base` },
        ],
        ...(input.utilityVm === false ? {} : { utilityVmPath: `${root}\\base\\UtilityVM` }),
      },
      ...mounts,
      limits: spec.limits,
      devices: spec.devices,
      network: input.network ?? { endpointIds: [], dnsSearch: [], allowUnqualifiedDns: false },
      ...(input.credentials === undefined ? {} : { credentials: input.credentials }),
      firstStart: true,
    },
    spec.isolation,
    { hasComputeCore: input.hasComputeCore ?? true },
  );
  const { config, hostConfig, process, ...rest } = spec;
  return {
    spec: {
      ...rest,
      config,
      hostConfig: changedOnly(hostConfig, aCreateRequest().HostConfig),
    },
    document,
    process: processParameters(process),
  };
}

function changedOnly(value: object, base: object): object {
  const reference = new Map(Object.entries(base).map(([key, entry]) => [key, JSON.stringify(entry)]));
  return Object.fromEntries(
    Object.entries(value).filter(([key, entry]) => JSON.stringify(entry) !== reference.get(key)),
  );
}

describe('hcs documents from a create request', () => {
  caseFolders(join(import.meta.dirname, '../../fixtures/hcs'), documentsOf);
});
