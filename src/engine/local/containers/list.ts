/** `ps`: small reads and pure functions only. Whatever needs a host is imported when it is really needed. */
import type { ContainerSummary, EndpointSettings } from '../../../api/types/index.ts';
import { PortholeError } from '../../../errors/porthole-error.ts';
import { portMap } from '../../../hns/ports.ts';
import { listContainers, resolveContainer } from '../../../state/container-list.ts';
import type { BrokenContainer, ContainerListing, ListedContainer } from '../../../state/container-list.ts';
import type { CallOptions, Filters } from '../../roles/index.ts';
import type { ContainerDeps } from './deps.ts';
import { parseListFilters } from './list-filters.ts';
import type { ListFilter } from './list-filters.ts';
import { listedPorts } from './ports.ts';
import { statusText } from './status-text.ts';

export interface ListOptions extends CallOptions {
  readonly all?: boolean;
  readonly limit?: number;
  readonly size?: boolean;
  readonly filters?: Filters;
}

/** The role's `list`: newest first. A damaged container is listed as dead, so that it can be seen and removed. */
export async function listSummaries(
  deps: ContainerDeps,
  options: ListOptions = {},
): Promise<ContainerSummary[]> {
  const filter = parseListFilters(options.filters ?? {});
  const listing = await inOrder(deps);
  const limit = options.limit ?? 0;
  const all = options.all === true || limit > 0 || filter.impliesAll;
  const bounds = timeBounds(deps, filter, listing);
  const view = await deps.networkView();
  const ancestors = await ancestorIds(deps, filter);
  const imageIds = new Map<string, string | undefined>();
  const summaries: ContainerSummary[] = [];
  for (const container of listing.containers) {
    if (!all && !container.state.Running) continue;
    if (!bounds(container)) continue;
    const { card, bound } = container.record;
    let networks: Record<string, EndpointSettings> | undefined;
    let ports: ReturnType<typeof listedPorts> | undefined;
    const networksOf = (): Record<string, EndpointSettings> =>
      (networks ??= view.endpointSettings(container.id));
    const portsOf = (): ReturnType<typeof listedPorts> =>
      (ports ??= listedPorts(portMap(container.state.Running ? (bound ?? []) : [])));
    const matches = filter.matches(container, {
      ports: portsOf,
      networks: () => Object.entries(networksOf()).flatMap(([name, endpoint]) => [name, endpoint.NetworkID]),
      descendsFrom: (reference) => ancestors.get(reference) === card.imageId,
    });
    if (!matches) continue;
    if (!imageIds.has(card.image)) imageIds.set(card.image, await deps.imageIdOf(card.image));
    summaries.push({
      Id: container.id,
      Names: [`/${card.name}`],
      Image: imageIds.get(card.image) === card.imageId ? card.image : card.imageId,
      ImageID: card.imageId,
      Command: card.command,
      Created: Math.floor(card.created / 1000),
      Ports: container.state.Running ? portsOf() : [],
      ...(options.size === true ? await sizesOf(deps, container.id) : {}),
      Labels: { ...card.labels },
      State: container.status,
      Status: statusText(container.state, container.record.health?.status, deps.environment.now()),
      HostConfig: { NetworkMode: card.networkMode },
      // One more file a container, which `ps` does not print.
      NetworkSettings: {
        get Networks() {
          return networksOf();
        },
      },
      Mounts: [...card.mounts],
    });
    if (limit > 0 && summaries.length === limit) break;
  }
  if (all && Object.keys(options.filters ?? {}).length === 0) {
    summaries.push(...listing.broken.filter(isDamaged).map(damagedSummary));
  }
  return summaries;
}

/** The listing after what killed processes left was put in order: the common case loads nothing for it. */
async function inOrder(deps: ContainerDeps): Promise<ContainerListing> {
  const listing = listContainers(deps.paths, deps.environment.now());
  const broken = [
    ...listing.containers.filter((container) => container.needsRepair),
    ...listing.broken.filter((container) => container.reason === 'unfinished'),
  ];
  if (broken.length === 0) return listing;
  const { reconcile } = await import('./reconcile.ts');
  try {
    await reconcile(
      deps,
      broken.map((container) => container.id),
    );
  } catch {
    // Status is derived all the same; commands that need the container in order say what is wrong.
  }
  return listContainers(deps.paths, deps.environment.now());
}

function isDamaged(container: BrokenContainer): boolean {
  return container.reason === 'damaged';
}

function damagedSummary({ id }: BrokenContainer): ContainerSummary {
  return {
    Id: id,
    Names: [`/${id.slice(0, 12)}`],
    Image: '',
    ImageID: '',
    Command: '',
    Created: 0,
    Ports: [],
    Labels: {},
    State: 'dead',
    Status: 'Dead',
    HostConfig: { NetworkMode: '' },
    NetworkSettings: { Networks: {} },
    Mounts: [],
  };
}

function timeBounds(
  deps: ContainerDeps,
  filter: ListFilter,
  listing: ContainerListing,
): (container: ListedContainer) => boolean {
  const createdAt = (reference: string): number => {
    const id = resolveContainer(deps.paths, reference);
    return listing.containers.find((container) => container.id === id)?.record.card.created ?? 0;
  };
  const before = filter.before.map(createdAt);
  const since = filter.since.map(createdAt);
  return ({ record: { card } }) =>
    before.every((bound) => card.created < bound) && since.every((bound) => card.created > bound);
}

async function ancestorIds(
  deps: ContainerDeps,
  filter: ListFilter,
): Promise<Map<string, string | undefined>> {
  const ids = new Map<string, string | undefined>();
  for (const reference of filter.ancestors) ids.set(reference, await deps.imageIdOf(reference));
  return ids;
}

async function sizesOf(deps: ContainerDeps, id: string): Promise<{ SizeRw?: number; SizeRootFs?: number }> {
  const { containerSizes } = await import('./sizes.ts');
  try {
    return await containerSizes(deps, id);
  } catch (error) {
    if (error instanceof PortholeError) return {};
    throw error;
  }
}
