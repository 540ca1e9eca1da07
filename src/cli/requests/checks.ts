/**
 * Checks of single flag values, Docker's `opts.Validate*` (docker-cli.md 5): each returns what is kept or throws an Error
 * that completes `invalid argument "x" for "--flag" flag: `.
 */
import { ramInBytes } from '../../text/size.ts';
import { quoteGo } from '../../text/go-quote.ts';
import { parseUint } from '../../text/strconv.ts';
import { canonicalIp } from './ip.ts';
import { cut } from './key-values.ts';

export function checkAttach(value: string): string {
  const stream = value.toLowerCase();
  if (stream === 'stdin' || stream === 'stdout' || stream === 'stderr') return stream;
  throw new Error('valid streams are STDIN, STDOUT and STDERR');
}

export function checkEnv(value: string): string {
  if (cut(value, '=')[0] === '') throw new Error(`invalid environment variable: ${value}`);
  return value;
}

export function checkLabel(value: string): string {
  const key = cut(value, '=')[0].replace(/^[ \t]+/, '');
  if (key === '') throw new Error(`invalid label '${value}': empty name`);
  if (/[ \t]/.test(key)) throw new Error(`label '${key}' contains whitespaces`);
  return value;
}

export function checkLink(value: string): string {
  if (value === '') throw new Error('empty string specified for links');
  if (value.split(':').length > 2) throw new Error(`bad format for links: ${value}`);
  return value;
}

/** `host:ip` or `host=ip`, the address perhaps in brackets; kept as the engine reads it, `host:ip`. */
export function checkExtraHost(value: string): string {
  let [host, address, found] = cut(value, '=');
  if (!found) [host, address, found] = cut(value, ':');
  if (!found || host === '' || host.includes(':'))
    throw new Error(`bad format for add-host: ${quoteGo(value)}`);
  if (address !== 'host-gateway') {
    if (/^\[.+\]$/.test(address)) address = address.slice(1, -1);
    if (canonicalIp(address.trim()) === undefined)
      throw new Error(`invalid IP address in add-host: ${quoteGo(address)}`);
  }
  return `${host}:${address}`;
}

export function checkIpAddress(value: string): string {
  const address = canonicalIp(value.trim());
  if (address === undefined) throw new Error(`IP address is not correctly formatted: ${value}`);
  return address;
}

const domain =
  /^((?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*)\.?\s*$/;

export function checkDnsSearch(value: string): string {
  const trimmed = value.replace(/^ +| +$/g, '');
  if (trimmed === '.') return trimmed;
  const name = /[a-zA-Z]/.test(trimmed) ? domain.exec(trimmed)?.[1] : undefined;
  if (name === undefined || name.length >= 255) throw new Error(`${trimmed} is not a valid domain`);
  return name;
}

const sysctls = new Set(
  'msgmax msgmnb msgmni sem shmall shmmax shmmni shm_rmid_forced'.split(' ').map((name) => `kernel.${name}`),
);

export function checkSysctl(value: string): string {
  const [name, , found] = cut(value, '=');
  if (found && (sysctls.has(name) || name.startsWith('net.') || name.startsWith('fs.mqueue.'))) return value;
  throw new Error(`sysctl '${value}' is not allowed`);
}

export function checkDeviceCgroupRule(value: string): string {
  if (/^[acb] ([0-9]+|\*):([0-9]+|\*) [rwm]{1,3}$/.test(value)) return value;
  throw new Error(`invalid device cgroup format '${value}'`);
}

function devicePath(value: string): [path: string, amount: string] {
  const [path, amount, found] = cut(value, ':');
  if (!found || path === '') throw new Error(`bad format: ${value}`);
  if (!path.startsWith('/dev/')) throw new Error(`bad format for device path: ${value}`);
  return [path, amount];
}

/** The number `read` makes of `text`, or undefined when it throws or is not acceptable. */
function numberOf(read: (text: string) => number, text: string): number | undefined {
  try {
    return read(text);
  } catch {
    return undefined;
  }
}

export function checkWeightDevice(value: string): string {
  const [, amount] = devicePath(value);
  const weight = numberOf((text) => parseUint(text, 16, 10), amount);
  if (weight === undefined || (weight > 0 && (weight < 10 || weight > 1000)))
    throw new Error(`invalid weight for device: ${value}`);
  return value;
}

export function checkThrottleBps(value: string): string {
  if (numberOf(ramInBytes, devicePath(value)[1]) === undefined) {
    throw new Error(
      `invalid rate for device: ${value}. The correct format is <device-path>:<number>[<unit>]. Number must be a positive integer. Unit is optional and can be kb, mb, or gb`,
    );
  }
  return value;
}

export function checkThrottleIops(value: string): string {
  if (numberOf((text) => parseUint(text, 64, 10), devicePath(value)[1]) === undefined) {
    throw new Error(
      `invalid rate for device: ${value}. The correct format is <device-path>:<number>. Number must be a positive integer`,
    );
  }
  return value;
}

/** `path:amount` lists, checked above, as the wire has them. */
export function deviceAmounts<K extends string>(
  values: readonly string[],
  key: K,
  read: (text: string) => number,
): ({ Path: string } & Record<K, number>)[] {
  return values.map((value) => {
    const [path, amount] = devicePath(value);
    return { Path: path, [key]: read(amount) } as { Path: string } & Record<K, number>;
  });
}
