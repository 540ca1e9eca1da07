import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecCreateRequest } from '../../../api/types/index.ts';
import { PortholeError } from '../../../errors/porthole-error.ts';
import { containerDocument } from '../../../hcs/container-document.ts';
import type { ProcessParameters } from '../../../hcs/documents.ts';
import { mappedMounts } from '../../../hcs/mounts.ts';
import { execProcessSpec, processParameters } from '../../../hcs/process.ts';
import type { ComputePort } from '../../../host/ports/compute.ts';
import type { MountedScratch } from '../../../host/ports/layers.ts';
import type { RunPlan } from '../../../monitor/deps.ts';
import type { ContainerConfigRecord } from '../../../state/container-record.ts';
import { readStateRecord } from '../../../state/container-files.ts';
import type { DataPaths } from '../../../state/paths.ts';
import type { NetworkAllocation } from '../networks/endpoints.ts';

export interface PlanDeps {
  readonly paths: DataPaths;
  readonly compute: () => Promise<Pick<ComputePort, 'credentialSpec' | 'host'>>;
}

/** A container's records, its mounted scratch and its endpoints -> the documents of one start. */
export async function planRun(
  deps: PlanDeps,
  config: ContainerConfigRecord,
  scratch: MountedScratch,
  allocation: NetworkAllocation,
): Promise<RunPlan> {
  const { spec } = config;
  const { directories, pipes } = mappedMounts(config.mounts);
  const utilityVmPath =
    spec.isolation === 'hyperv'
      ? scratch.layers.map((layer) => join(layer.Path, 'UtilityVM')).find((path) => existsSync(path))
      : undefined;
  const credentials = await credentialSpecText(deps, config);
  const { schema2 } = await (await deps.compute()).host();
  const system = containerDocument(
    {
      id: config.id,
      owner: 'porthole',
      hostName: config.config.Hostname,
      storage: {
        volumePath: scratch.volumePath,
        folder: scratch.folder,
        layers: scratch.layers,
        ...(utilityVmPath === undefined ? {} : { utilityVmPath }),
      },
      directories,
      pipes,
      limits: spec.limits,
      devices: spec.devices,
      network: {
        ...(allocation.namespaceId === undefined ? {} : { namespaceId: allocation.namespaceId }),
        endpointIds: allocation.endpointIds,
        dnsSearch: allocation.dnsSearch,
        allowUnqualifiedDns: allocation.allowUnqualifiedDns,
        ...(allocation.sharedWith === undefined ? {} : { sharedWith: allocation.sharedWith }),
      },
      ...(credentials === undefined ? {} : { credentials }),
      firstStart: (readStateRecord(deps.paths, config.id)?.run ?? 1) <= 1,
    },
    spec.isolation,
    { hasComputeCore: schema2 !== false },
  );
  return { system, process: processParameters(spec.process) };
}

export function planExec(config: ContainerConfigRecord, request: ExecCreateRequest): ProcessParameters {
  return processParameters(
    execProcessSpec(request, {
      env: config.config.Env ?? [],
      workingDirectory: config.config.WorkingDir,
      user: config.config.User,
    }),
  );
}

/** The JSON of a gMSA credential spec (hcs.md 6.5). Files lie in `CredentialSpecs` under the data root. */
async function credentialSpecText(
  { paths, compute }: PlanDeps,
  config: ContainerConfigRecord,
): Promise<string | undefined> {
  const source = config.spec.credentialSpec;
  if (source === undefined) return undefined;
  if (source.kind === 'raw') return source.value;
  if (source.kind === 'file') {
    const path = join(paths.root, 'CredentialSpecs', source.value);
    try {
      return readFileSync(path, 'utf8');
    } catch (cause) {
      throw new PortholeError(
        'invalid',
        'CREDENTIAL_SPEC',
        `credential spec for container ${config.id} could not be read from file "${path}"`,
        { cause },
      );
    }
  }
  const found = await (await compute()).credentialSpec?.(source.value);
  if (found?.credentialSpec !== undefined) return found.credentialSpec;
  throw new PortholeError(
    'invalid',
    'CREDENTIAL_SPEC',
    `registry credential spec "${source.value}" for container ${config.id} was not found`,
    { hint: 'look for it with Get-CredentialSpec, or use credentialspec=file://name.json' },
  );
}
