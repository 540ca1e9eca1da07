/** `volume create` flags -> request body (`volume/create.go`; docker-cli.md 1.4). */
import type { VolumeCreateRequest } from '../../api/types/index.ts';
import { CliError } from '../cli-error.ts';
import type { FlagSpecs, ParsedFlags } from '../flag.ts';
import { checkLabel } from './checks.ts';
import { sortedRecord, toMap } from './key-values.ts';

/** What only cluster volumes have. */
const clusterFlags = {
  availability: {
    type: 'string',
    description: 'Cluster Volume availability ("active", "pause", "drain")',
    default: 'active',
  },
  group: { type: 'string', description: 'Cluster Volume group (cluster volumes)' },
  'limit-bytes': { type: 'bytes', description: 'Minimum size of the Cluster Volume in bytes' },
  'required-bytes': { type: 'bytes', description: 'Maximum size of the Cluster Volume in bytes' },
  scope: {
    type: 'string',
    description: 'Cluster Volume access scope ("single", "multi")',
    default: 'single',
  },
  secret: { type: 'map', description: 'Cluster Volume secrets' },
  sharing: {
    type: 'string',
    description: 'Cluster Volume access sharing ("none", "readonly", "onewriter", "all")',
    default: 'none',
  },
  'topology-preferred': {
    type: 'list',
    description: 'A topology that the Cluster Volume would be preferred in',
  },
  'topology-required': {
    type: 'list',
    description: 'A topology that the Cluster Volume must be accessible from',
  },
  type: {
    type: 'string',
    description: 'Cluster Volume access type ("mount", "block")',
    default: 'block',
  },
} as const satisfies FlagSpecs;

export const volumeCreateFlags = {
  ...clusterFlags,
  driver: {
    type: 'string',
    char: 'd',
    description: 'Specify volume driver name',
    default: 'local',
    complete: ['local'],
  },
  label: { type: 'list', description: 'Set metadata for a volume', check: checkLabel },
  name: { type: 'string', description: 'Specify volume name', hidden: true },
  opt: { type: 'map', char: 'o', description: 'Set driver specific options' },
} as const satisfies FlagSpecs;

/** Members that say nothing are left out, as Docker's client does. */
export function toVolumeCreateRequest(
  argument: string | undefined,
  { flags, changed }: Pick<ParsedFlags<typeof volumeCreateFlags>, 'flags' | 'changed'>,
): VolumeCreateRequest {
  const cluster = Object.keys(clusterFlags).find((name) => changed.has(name));
  if (cluster !== undefined) {
    throw new CliError(`--${cluster} is for cluster volumes, and there is no swarm here`, {
      kind: 'unavailable',
      code: 'NOT_A_SWARM_MANAGER',
    });
  }
  if (argument !== undefined && flags.name !== '')
    throw new CliError(
      'conflicting options: cannot specify a volume-name through both --name and as a positional arg',
    );
  const name = argument ?? flags.name;
  const options = Object.entries(flags.opt);
  return {
    Driver: flags.driver,
    ...(options.length > 0 && { DriverOpts: sortedRecord(options) }),
    ...(flags.label.length > 0 && { Labels: toMap(flags.label) }),
    ...(name !== '' && { Name: name }),
  };
}
