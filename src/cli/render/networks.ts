/** `docker network ls` (`formatter/network.go`; networking.md 6.2). */
import type { NetworkInspect } from '../../api/types/index.ts';
import { parseRfc3339, timeString, zeroTime } from '../../text/go-time.ts';
import type { RowDefinition } from '../../text/table.ts';
import { labelList, labelText, truncateId } from './short.ts';

/** Members may be absent in lists of other engines. */
export function networkDefinition(truncate: boolean): RowDefinition<NetworkInspect> {
  const flag = (value: boolean | undefined) => String(value === true);
  return {
    type: 'network.networkContext',
    label: (row, name) => labelText(row.Labels, name),
    fields: {
      ID: { header: 'NETWORK ID', value: ({ Id: id = '' }) => (truncate ? truncateId(id) : id) },
      Name: { header: 'NAME', value: (row) => row.Name },
      Driver: { header: 'DRIVER', value: (row) => row.Driver ?? '' },
      Scope: { header: 'SCOPE', value: (row) => row.Scope ?? '' },
      IPv4: { header: 'IPV4', value: (row) => flag(row.EnableIPv4) },
      IPv6: { header: 'IPV6', value: (row) => flag(row.EnableIPv6) },
      Internal: { header: 'INTERNAL', value: (row) => flag(row.Internal) },
      Labels: { header: 'LABELS', value: (row) => labelList(row.Labels) },
      CreatedAt: {
        header: 'CREATED AT',
        value: (row) => timeString(parseRfc3339(row.Created ?? '') ?? zeroTime),
      },
    },
  };
}

export function networkFormat(format: string, quiet: boolean): string {
  if (format === 'table') return quiet ? '{{.ID}}' : 'table {{.ID}}\t{{.Name}}\t{{.Driver}}\t{{.Scope}}';
  if (format !== 'raw') return format;
  return quiet
    ? 'network_id: {{.ID}}'
    : 'network_id: {{.ID}}\nname: {{.Name}}\ndriver: {{.Driver}}\nscope: {{.Scope}}\n';
}
