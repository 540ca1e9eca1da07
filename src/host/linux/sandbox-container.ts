/** Gathers what the plan of one container needs: layers in order, folders by their real names, links for the overlay. */
import { existsSync, mkdirSync, realpathSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { HcsError } from '../../hcs/hcs-error.ts';
import { HRESULT } from '../../hcs/hresult.ts';
import type { ComputeContext } from './compute-context.ts';
import { existingSpelling, parseContainerPath } from './container-path.ts';
import { defaultUser } from './identity.ts';
import type { RunFolder } from './run-folder.ts';
import { existingExtraFiles } from './sandbox-facts.ts';
import type { PreparedSandboxNetwork } from './sandbox-network.ts';
import { containerPlan, wineEnvironment, type BoundDirectory } from './sandbox-plan.ts';
import type { SandboxStep } from './sandbox-program.ts';
import type { MappedFolder, SystemRequest } from './system-request.ts';
import { rootEntries } from './wine-installation.ts';
import type { WineTemplate } from './wine-template.ts';

export interface ContainerFacts {
  readonly request: SystemRequest;
  readonly folder: RunFolder;
  readonly template: WineTemplate;
  readonly network: PreparedSandboxNetwork;
  readonly hostname: string;
  readonly cgroupFiles: readonly string[];
  readonly visibleProcessors: number | undefined;
}

export interface PlannedContainer {
  readonly steps: SandboxStep[];
  /** `/c` and the drives that mapped folders need. */
  readonly drives: readonly string[];
}

export function planContainer(context: ComputeContext, facts: ContainerFacts): PlannedContainer {
  const { request, folder, template, network } = facts;
  const wine = context.wine();
  const lowers = lowerFolders(request.layers, template.files);
  const upper = join(request.scratch, 'diff');
  const work = join(request.scratch, 'work');
  for (const path of [upper, work]) mkdirSync(path, { recursive: true });
  lowers.forEach((path, index) => symlinkSync(path, join(folder.links, String(index))));
  symlinkSync(upper, join(folder.links, 'upper'));
  symlinkSync(work, join(folder.links, 'work'));
  const directories = request.folders.map((mapped) => boundDirectory(mapped, [upper, ...lowers]));
  const drives = [...new Set(directories.map((directory) => `/${directory.target.split('/')[1]}`))].filter(
    (drive) => drive !== '/c',
  );
  const steps = containerPlan({
    identity: context.identity,
    wine,
    rootEntries: rootEntries(wine.root),
    extraFiles: existingExtraFiles(wine.root),
    mountPoint: folder.root,
    linkFolder: folder.links,
    lowerCount: lowers.length,
    prefix: folder.prefix,
    io: folder.io,
    launcher: context.launcher,
    hostname: facts.hostname,
    resolvConf: network.resolvConf,
    hosts: network.hosts,
    ...(network.netnsPath === undefined ? {} : { netnsPath: network.netnsPath }),
    directories,
    drives,
    cgroupFiles: facts.cgroupFiles,
    ...(facts.visibleProcessors === undefined ? {} : { visibleProcessors: facts.visibleProcessors }),
    environment: wineEnvironment(wine, defaultUser),
  });
  return { steps, drives: ['/c', ...drives] };
}

/**
 * Topmost first: application layers, then the template, then the layers of Windows itself, which are the lowest ones and
 * carry a utility VM (windows-layers.md 2): Wine's programs hide theirs.
 */
export function lowerFolders(layers: readonly string[], templateFiles: string): string[] {
  let system = layers.length;
  while (system > 0 && existsSync(join(layers[system - 1]!, 'UtilityVM'))) system -= 1;
  const files = layers
    .map((layer) => join(layer, 'Files'))
    .map((path) => (existsSync(path) ? path : undefined));
  return [...files.slice(0, system), templateFiles, ...files.slice(system)].filter(
    (path) => path !== undefined,
  );
}

function boundDirectory(mapped: MappedFolder, folders: readonly string[]): BoundDirectory {
  const path = parseContainerPath(mapped.containerPath);
  if (path === undefined || (path.drive === 'c' && path.names.length === 0))
    throw new HcsError('System::Start', HRESULT.invalidName, {
      events: [`${mapped.containerPath} cannot be a mapped directory`],
    });
  const source = realPath(mapped.hostPath);
  const names = path.drive === 'c' ? existingSpelling(folders, path.names) : path.names;
  return {
    source,
    target: ['', path.drive, ...names].join('/'),
    readOnly: mapped.readOnly,
    isFile: !statSync(source).isDirectory(),
  };
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    throw new HcsError('System::Start', HRESULT.pathNotFound, {
      events: [`${path} does not exist on this host`],
    });
  }
}
