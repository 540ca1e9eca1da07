/** `docker ps` (`formatter/container.go`; docker-cli.md 2.2). */
import type { ContainerSummary } from '../../api/types/index.ts';
import { familiarName, familiarString, parseReference } from '../../image/reference.ts';
import { quoteGo } from '../../text/go-quote.ts';
import { timeString, unixTime } from '../../text/go-time.ts';
import type { ZoneLookup } from '../../text/go-time.ts';
import { humanSize } from '../../text/size.ts';
import type { RowDefinition } from '../../text/table.ts';
import { ellipsis } from '../../text/width.ts';
import { displayPorts } from './ports.ts';
import { labelList, labelText, since, truncateId } from './short.ts';

export interface ContainerView {
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly zone: ZoneLookup;
  readonly truncate: boolean;
}

function imageText({ Image: image = '', ImageID: id }: ContainerSummary, truncate: boolean): string {
  if (image === '') return '<no image>';
  if (!truncate) return image;
  const short = truncateId(id ?? '');
  if (short === truncateId(image)) return short;
  try {
    const { digest: _digest, ...named } = parseReference(image);
    return named.tag === undefined ? familiarName(named) : familiarString(named);
  } catch {
    return image;
  }
}

function namesText(names: readonly string[] | null | undefined, truncate: boolean): string {
  const plain = (names ?? []).map((name) => name.replace(/^\//, ''));
  const own = truncate ? plain.find((name) => !name.includes('/')) : undefined;
  return own ?? plain.join(',');
}

function sizeText({ SizeRw: own = 0, SizeRootFs: whole = 0 }: ContainerSummary): string {
  const text = humanSize(own, 3);
  return whole > 0 ? `${text} (virtual ${humanSize(whole, 3)})` : text;
}

/** Lists and the one line of a template see the same row. Members may be absent: engines leave out what they don't have. */
export function containerRows(view: ContainerView): RowDefinition<ContainerSummary> {
  const { truncate, now, zone } = view;
  return {
    type: 'formatter.ContainerContext',
    label: (row, name) => labelText(row.Labels, name),
    fields: {
      ID: { header: 'CONTAINER ID', value: (row) => (truncate ? truncateId(row.Id) : row.Id) },
      Names: { header: 'NAMES', value: (row) => namesText(row.Names, truncate) },
      Image: { header: 'IMAGE', value: (row) => imageText(row, truncate) },
      Command: {
        header: 'COMMAND',
        value: ({ Command: command = '' }) => quoteGo(truncate ? ellipsis(command, 20) : command),
      },
      CreatedAt: { header: 'CREATED AT', value: (row) => timeString(unixTime(row.Created ?? 0, zone)) },
      RunningFor: { header: 'CREATED', value: (row) => since(row.Created ?? 0, now) },
      Ports: { header: 'PORTS', value: (row) => displayPorts(row.Ports ?? []) },
      State: { header: 'STATE', value: (row) => row.State ?? '' },
      Status: { header: 'STATUS', value: (row) => row.Status ?? '' },
      Size: { header: 'SIZE', value: sizeText },
      Labels: { header: 'LABELS', value: (row) => labelList(row.Labels) },
      Mounts: {
        header: 'MOUNTS',
        value: (row) =>
          (row.Mounts ?? [])
            .map(({ Name: name = '', Source: source }) => name || source)
            .map((name) => (truncate ? ellipsis(name, 15) : name))
            .join(','),
      },
      LocalVolumes: {
        header: 'LOCAL VOLUMES',
        value: (row) => String((row.Mounts ?? []).filter(({ Driver }) => Driver === 'local').length),
      },
      Networks: {
        header: 'NETWORKS',
        value: (row) =>
          Object.keys(row.NetworkSettings?.Networks ?? {})
            .sort()
            .join(','),
      },
      Platform: { header: 'PLATFORM', value: () => null },
    },
  };
}

/** A container without content, for finding out which fields a template reads. */
export const emptyContainer: ContainerSummary = {
  Id: '',
  Names: [],
  Image: '',
  ImageID: '',
  Command: '',
  Created: 0,
  Ports: [],
  Labels: {},
  State: 'created',
  Status: '',
  HostConfig: { NetworkMode: '' },
  NetworkSettings: { Networks: {} },
  Mounts: [],
};

const columns = ['ID', 'Image', 'Command', 'RunningFor', 'Status', 'Ports', 'Names'];

/** What `--format` and `-q` stand for. `-q` wins over everything. */
export function containerFormat(format: string, quiet: boolean, size: boolean): string {
  if (format === 'raw') {
    if (quiet) return 'container_id: {{.ID}}';
    return `container_id: {{.ID}}
image: {{.Image}}
command: {{.Command}}
created_at: {{.CreatedAt}}
state: {{- pad .State 1 0}}
status: {{- pad .Status 1 0}}
names: {{.Names}}
labels: {{- pad .Labels 1 0}}
ports: {{- pad .Ports 1 0}}
${size ? 'size: {{.Size}}\n' : ''}`;
  }
  if (quiet) return '{{.ID}}';
  if (format !== 'table' && format !== 'pretty') return format;
  return `table ${[...columns, ...(size ? ['Size'] : [])].map((name) => `{{.${name}}}`).join('\t')}`;
}
