/** `build` flags -> build request (`image/build.go`; engine-api.md 6.1). Where files come from: `cli/build-context.ts`. */
import type { BuildRequest } from '../../engine/roles/index.ts';
import { parseReference } from '../../image/reference.ts';
import { PortholeError } from '../../errors/porthole-error.ts';
import { CliError } from '../cli-error.ts';
import type { FlagSpecs, ParsedFlags } from '../flag.ts';
import { checkEnv, checkExtraHost, checkLabel } from './checks.ts';
import type { Client } from './client.ts';
import { cut, sortedRecord, toMap, withClientValues } from './key-values.ts';

function checkTag(value: string): string {
  parseReference(value);
  return value;
}

export const buildFlags = {
  'add-host': {
    type: 'list',
    description: 'Add a custom host-to-IP mapping ("host:ip")',
    check: checkExtraHost,
  },
  'build-arg': { type: 'list', description: 'Set build-time variables', check: checkEnv },
  'cache-from': { type: 'strings', description: 'Images to consider as cache sources', complete: 'image' },
  'cgroup-parent': {
    type: 'string',
    description: 'Set the parent cgroup for the "RUN" instructions during build',
  },
  compress: { type: 'bool', description: 'Compress the build context using gzip' },
  'cpu-period': { type: 'int', description: 'Limit the CPU CFS (Completely Fair Scheduler) period' },
  'cpu-quota': { type: 'int', description: 'Limit the CPU CFS (Completely Fair Scheduler) quota' },
  'cpu-shares': { type: 'int', char: 'c', description: 'CPU shares (relative weight)' },
  'cpuset-cpus': { type: 'string', description: 'CPUs in which to allow execution (0-3, 0,1)' },
  'cpuset-mems': { type: 'string', description: 'MEMs in which to allow execution (0-3, 0,1)' },
  'disable-content-trust': { type: 'bool', description: 'Skip image verification', default: true },
  file: {
    type: 'string',
    char: 'f',
    description: 'Name of the Dockerfile (Default is "PATH/Dockerfile")',
    complete: 'file',
  },
  'force-rm': { type: 'bool', description: 'Always remove intermediate containers' },
  iidfile: { type: 'string', description: 'Write the image ID to the file', complete: 'file' },
  isolation: {
    type: 'string',
    description: 'Container isolation technology',
    complete: ['default', 'process', 'hyperv'],
  },
  label: { type: 'list', description: 'Set metadata for an image', check: checkLabel },
  memory: { type: 'bytes', char: 'm', description: 'Memory limit' },
  'memory-swap': {
    type: 'bytes',
    description: 'Swap limit equal to memory plus swap: -1 to enable unlimited swap',
    unlimited: true,
  },
  network: {
    type: 'string',
    description: 'Set the networking mode for the RUN instructions during build',
    default: 'default',
    complete: 'network',
  },
  'no-cache': { type: 'bool', description: 'Do not use cache when building the image' },
  platform: { type: 'string', description: 'Set platform if server is multi-platform capable' },
  pull: { type: 'bool', description: 'Always attempt to pull a newer version of the image' },
  quiet: {
    type: 'bool',
    char: 'q',
    description: 'Suppress the build output and print image ID on success',
  },
  rm: {
    type: 'bool',
    description: 'Remove intermediate containers after a successful build',
    default: true,
  },
  'security-opt': { type: 'strings', description: 'Security options' },
  'shm-size': { type: 'bytes', description: 'Size of "/dev/shm"' },
  squash: { type: 'bool', description: 'Squash newly built layers into a single new layer' },
  tag: {
    type: 'list',
    char: 't',
    description: 'Name and optionally a tag in the "name:tag" format',
    check: checkTag,
  },
  target: { type: 'string', description: 'Set the target build stage to build.' },
  ulimit: { type: 'ulimit', description: 'Ulimit options' },
} as const satisfies FlagSpecs;

type Parsed = Pick<ParsedFlags<typeof buildFlags>, 'flags' | 'changed'>;

/** What Docker's engine answers on Windows when RUN's container would get one of these (users.md 5.3). */
function refuseLinuxResources({ flags }: Parsed): void {
  const refused: readonly (readonly [boolean, string])[] = [
    [flags['cgroup-parent'] !== '', 'CgroupParent'],
    [flags['cpuset-cpus'] !== '', 'CpusetCpus'],
    [flags['cpuset-mems'] !== '', 'CpusetMems'],
    [flags['memory-swap'] > 0, 'MemorySwap'],
    [flags.ulimit.length > 0, 'Ulimits'],
  ];
  const option = refused.find(([given]) => given)?.[1];
  if (option === undefined) return;
  throw new PortholeError(
    'invalid',
    'OPTION_NOT_SUPPORTED',
    `invalid option: Windows does not support ${option}`,
    {
      hint: 'limits that work for RUN on Windows: --memory, --cpu-shares',
    },
  );
}

/** `--build-arg X` takes the client's value and is null without one; proxies are added where not given. */
function toBuildArgs(
  values: readonly string[],
  client: Client,
  proxies: readonly string[],
): Record<string, string | null> {
  const given = new Map<string, string | null>();
  for (const pair of withClientValues(values, client)) {
    const [name, value, found] = cut(pair, '=');
    given.set(name, found ? value : null);
  }
  for (const pair of proxies) {
    const [name, value] = cut(pair, '=');
    if (!given.has(name)) given.set(name, value);
  }
  return sortedRecord(given);
}

export function toBuildRequest(
  parsed: Parsed,
  dockerfile: BuildRequest['dockerfile'],
  client: Client,
  proxies: readonly string[] = [],
): BuildRequest {
  const { flags } = parsed;
  if (flags.squash) {
    throw new CliError('"--squash" is only supported on a Docker daemon with experimental features enabled', {
      hint: 'layers of Windows images cannot be merged; copy into a fresh stage instead',
    });
  }
  refuseLinuxResources(parsed);
  return {
    dockerfile,
    tags: flags.tag,
    buildArgs: toBuildArgs(flags['build-arg'], client, proxies),
    labels: toMap(flags.label),
    target: flags.target,
    noCache: flags['no-cache'],
    pull: flags.pull,
    remove: flags.rm,
    forceRemove: flags['force-rm'],
    platform: flags.platform,
    isolation: flags.isolation,
    networkMode: flags.network,
    memory: flags.memory,
    cpuShares: flags['cpu-shares'],
    cpuQuota: flags['cpu-quota'],
    cpuPeriod: flags['cpu-period'],
    cacheFrom: flags['cache-from'],
    extraHosts: flags['add-host'],
    shmSize: flags['shm-size'],
    squash: false,
    ...(flags['security-opt'].length > 0 && { securityOpt: flags['security-opt'] }),
  };
}
