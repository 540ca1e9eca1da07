import type { ContainerPort, ContainerStatus } from '../../../api/types/index.ts';
import { PortholeError } from '../../../errors/porthole-error.ts';
import type { ListedContainer } from '../../../state/container-list.ts';
import type { Filters } from '../../roles/index.ts';
import { own } from '../../../text/own.ts';

const statuses = ['created', 'restarting', 'running', 'removing', 'paused', 'exited', 'dead'];
const healths = ['none', 'starting', 'healthy', 'unhealthy'];
const isolations = ['default', 'process', 'hyperv'];
const known = new Set([
  'ancestor',
  'before',
  'exited',
  'expose',
  'health',
  'id',
  'is-task',
  'isolation',
  'label',
  'name',
  'network',
  'publish',
  'since',
  'status',
  'volume',
]);

/** What filters look at that is not in the container's own card. */
export interface FilterView {
  readonly ports: () => readonly ContainerPort[];
  /** Names and IDs of the networks that it is connected to. */
  readonly networks: () => readonly string[];
  /** True when its image is, or descends from, the reference. */
  readonly descendsFrom: (reference: string) => boolean;
}

export interface ListFilter {
  /** Filters that look at stopped containers show them without `--all`. */
  readonly impliesAll: boolean;
  /** References whose place in time must be known first. */
  readonly before: readonly string[];
  readonly since: readonly string[];
  readonly ancestors: readonly string[];
  matches(container: ListedContainer, view: FilterView): boolean;
}

/** Docker's list filters (docker-cli.md 6): values of a key are alternatives, except labels, which must all be there. */
export function parseListFilters(filters: Filters): ListFilter {
  for (const key of Object.keys(filters)) if (!known.has(key)) throw invalid(`invalid filter '${key}'`);
  const values = (key: string): readonly string[] => filters[key] ?? [];
  for (const status of values('status')) {
    if (!statuses.includes(status)) {
      throw invalid(
        `invalid filter 'status=${status}': invalid value for state (${status}): must be one of ${statuses.slice().sort().join(', ')}`,
      );
    }
  }
  for (const health of values('health')) {
    if (!healths.includes(health)) {
      throw invalid(
        `invalid filter 'health=${health}': invalid value for health (${health}): must be one of ${healths.join(', ')}`,
      );
    }
  }
  for (const isolation of values('isolation')) {
    if (!isolations.includes(isolation)) throw invalid(`invalid filter 'isolation=${isolation}'`);
  }
  const exited = values('exited').map((code) => {
    if (!/^[+-]?\d+$/.test(code)) throw invalid(`invalid filter 'exited=[${code}]'`);
    return Number(code);
  });
  const isTask = values('is-task').map((value) => {
    if (/^(1|true)$/i.test(value)) return true;
    if (/^(0|false)$/i.test(value)) return false;
    throw invalid(`invalid filter 'is-task=[${value}]'`);
  });
  const publish = values('publish').map((value) => portRange(value, 'publish'));
  const expose = values('expose').map((value) => portRange(value, 'expose'));
  const names = values('name').map(matcher);
  const ids = values('id').map(matcher);
  const labels = values('label').map((text) => {
    const at = text.indexOf('=');
    return at < 0 ? { key: text } : { key: text.slice(0, at), value: text.slice(at + 1) };
  });

  return {
    impliesAll: values('status').length > 0 || exited.length > 0,
    before: values('before'),
    since: values('since'),
    ancestors: values('ancestor'),
    matches(container, view) {
      const { card, health } = container.record;
      const any = <T>(list: readonly T[], test: (value: T) => boolean): boolean =>
        list.length === 0 || list.some(test);
      return (
        any(ids, (match) => match(container.id)) &&
        any(names, (match) => match(card.name) || match(`/${card.name}`)) &&
        labels.every(({ key, value }) => {
          const actual = own(card.labels, key);
          return actual !== undefined && (value === undefined || actual === value);
        }) &&
        any(values('status'), (status) => matchesStatus(container, status as ContainerStatus)) &&
        any(exited, (code) => container.status === 'exited' && container.state.ExitCode === code) &&
        any(isTask, (task) => !task) &&
        any(values('health'), (wanted) => (health?.status ?? 'none') === wanted) &&
        any(values('isolation'), (isolation) => card.isolation === isolation) &&
        any(values('volume'), (volume) =>
          card.mounts.some(
            (mount) => mount.Name === volume || mount.Destination.toLowerCase() === volume.toLowerCase(),
          ),
        ) &&
        any(values('network'), (network) => view.networks().includes(network)) &&
        any(values('ancestor'), (reference) => view.descendsFrom(reference)) &&
        any(publish, (range) =>
          view.ports().some((port) => port.PublicPort !== undefined && range(port.PublicPort, port.Type)),
        ) &&
        any(expose, (range) =>
          card.exposed.some((key) => {
            const [port = '', type = 'tcp'] = key.split('/');
            return range(Number(port), type);
          }),
        )
      );
    },
  };
}

function matchesStatus(container: ListedContainer, status: ContainerStatus): boolean {
  return container.status === status;
}

/** The "Match" family: the value is an unanchored regular expression; one that does not compile is compared exactly. */
export function matcher(value: string): (text: string) => boolean {
  let pattern: RegExp;
  try {
    pattern = new RegExp(value);
  } catch {
    return (text) => text === value;
  }
  return (text) => text === value || pattern.test(text);
}

/** `80`, `80/udp`, `8000-8010/tcp`. */
function portRange(text: string, key: string): (port: number, type: string) => boolean {
  const match = /^(\d+)(?:-(\d+))?(?:\/(tcp|udp|sctp))?$/i.exec(text);
  if (match === null) throw invalid(`invalid filter '${key}=${text}'`);
  const first = Number(match[1]);
  const last = match[2] === undefined ? first : Number(match[2]);
  const type = (match[3] ?? 'tcp').toLowerCase();
  if (last < first || last > 65_535) throw invalid(`invalid filter '${key}=${text}'`);
  return (port, portType) => port >= first && port <= last && portType === type;
}

function invalid(message: string): PortholeError {
  return new PortholeError('invalid', 'FILTER_INVALID', message);
}
