/** Names of containers, images, networks and volumes for completion, read from the engine's state; nothing is started for them. */
import type { ContainerSummary } from '../api/types/index.ts';
import type { Engine } from '../engine/roles/index.ts';
import type { Candidate } from './complete.ts';

type Listing = (engine: Engine, prefix: string) => Promise<Candidate[]>;

const containersWhere =
  (wanted: (container: ContainerSummary) => boolean): Listing =>
  async ({ containers }, prefix) => {
    const found = (await containers.list({ all: true })).filter(wanted);
    const named = found.map((container) => ({
      value: (container.Names[0] ?? container.Id).replace(/^\//, ''),
      tooltip: `${container.Image}, ${container.Status}`,
    }));
    if (prefix === '' || named.some(({ value }) => value.startsWith(prefix))) return named;
    return found.map(({ Id, Names }) => ({ value: Id.slice(0, 12), tooltip: Names.join(', ') }));
  };

const images: Listing = async ({ images: role }, prefix) => {
  const found = await role.list();
  const tagged = found.flatMap(({ RepoTags }) =>
    (RepoTags ?? []).filter((tag) => tag !== '<none>:<none>').map((value) => ({ value, tooltip: 'image' })),
  );
  if (prefix === '' || tagged.some(({ value }) => value.startsWith(prefix))) return tagged;
  return found.map(({ Id, RepoTags }) => ({
    value: Id.replace(/^sha256:/, '').slice(0, 12),
    tooltip: (RepoTags ?? []).join(', ') || 'untagged image',
  }));
};

const listings: Readonly<Record<string, Listing>> = {
  container: containersWhere(() => true),
  'running-container': containersWhere(({ State }) => State === 'running'),
  'stopped-container': containersWhere(({ State }) => State !== 'running'),
  image: images,
  network: async ({ networks }) =>
    (await networks.list()).map(({ Name, Driver }) => ({ value: Name, tooltip: `${Driver} network` })),
  volume: async ({ volumes }) =>
    ((await volumes.list()).Volumes ?? []).map(({ Name, Driver }) => ({
      value: Name,
      tooltip: `${Driver} volume`,
    })),
};

/** Those of a kind that start with `prefix`, without those already given; kinds the engine cannot list have none. */
export async function objectNames(
  engine: Engine,
  kind: string,
  prefix: string,
  given: readonly string[],
): Promise<Candidate[]> {
  const found = (await listings[kind]?.(engine, prefix)) ?? [];
  return found.filter(({ value }) => value.startsWith(prefix) && !given.includes(value));
}
