/** `docker volume ls` (`formatter/volume.go`; docker-cli.md 3.2). */
import type { Volume } from '../../api/types/index.ts';
import type { RowDefinition } from '../../text/table.ts';
import { humanSize } from '../../text/size.ts';
import { labelList, labelText } from './short.ts';

/** Docker's client prints volumes from its own type, in that one's order; other objects as the engine wrote them. */
export function volumeDocument(volume: Volume): Volume {
  const { CreatedAt, Driver, Labels, Mountpoint, Name, Options, Scope, UsageData, ...others } = volume;
  return {
    ...(CreatedAt === undefined ? {} : { CreatedAt }),
    ...{ Driver, Labels, Mountpoint, Name, Options, Scope },
    ...others,
    ...(UsageData === undefined ? {} : { UsageData }),
  };
}

const unknown = 'N/A';

export const volumeDefinition: RowDefinition<Volume> = {
  type: 'formatter.volumeContext',
  label: (row, name) => labelText(row.Labels, name),
  fields: {
    Name: { header: 'VOLUME NAME', value: (row) => row.Name },
    Driver: { header: 'DRIVER', value: (row) => row.Driver },
    Scope: { header: 'SCOPE', value: (row) => row.Scope },
    Mountpoint: { header: 'MOUNTPOINT', value: (row) => row.Mountpoint },
    Labels: { header: 'LABELS', value: (row) => labelList(row.Labels) },
    Links: { header: 'LINKS', value: ({ UsageData: usage }) => String(usage?.RefCount ?? unknown) },
    Size: {
      header: 'SIZE',
      value: ({ UsageData: usage }) =>
        usage === undefined || usage === null ? unknown : humanSize(usage.Size),
    },
    // Of cluster volumes.
    Group: { header: 'GROUP', value: () => unknown },
    Availability: { header: 'AVAILABILITY', value: () => unknown },
    Status: { header: 'STATUS', value: () => unknown },
  },
};

export function volumeFormat(
  format: string,
  { quiet, cluster }: { quiet: boolean; cluster: boolean },
): string {
  if (format === 'table' && quiet) return '{{.Name}}';
  if (format === 'table' && cluster)
    return 'table {{.Name}}\t{{.Group}}\t{{.Driver}}\t{{.Availability}}\t{{.Status}}';
  if (format === 'table') return 'table {{.Driver}}\t{{.Name}}';
  if (format !== 'raw') return format;
  return quiet ? 'name: {{.Name}}' : 'name: {{.Name}}\ndriver: {{.Driver}}\n';
}
