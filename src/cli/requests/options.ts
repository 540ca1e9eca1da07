/** Small option grammars of `run` and `create` (`container/opts.go`; docker-cli.md 5). Errors are Docker's, exit code 125. */
import type { HealthConfig, Ulimit } from '../../api/types/index.ts';
import { asError } from '../../errors/porthole-error.ts';
import { quoteGo } from '../../text/go-quote.ts';
import { parseAtoi } from '../../text/strconv.ts';
import { CliError, systemErrorText } from '../cli-error.ts';
import type { Client } from './client.ts';
import { cut, sortedRecord, toMap } from './key-values.ts';

export function parseRestartPolicy(policy: string): { Name: string; MaximumRetryCount: number } {
  const [name, count, found] = cut(policy, ':');
  if (found && name === '')
    throw new CliError('invalid restart policy format: no policy provided before colon');
  if (count === '') return { Name: name, MaximumRetryCount: 0 };
  try {
    return { Name: name, MaximumRetryCount: parseAtoi(count) };
  } catch (error) {
    throw new CliError('invalid restart policy format: maximum retry count must be an integer', {
      cause: error,
    });
  }
}

export function parseLogging(
  driver: string,
  options: readonly string[],
): { Type: string; Config: Record<string, string> } {
  if (driver === 'none' && options.length > 0)
    throw new CliError(`invalid logging opts for driver ${driver}`);
  return { Type: driver, Config: toMap(options) };
}

export function parseStorageOptions(options: readonly string[]): Record<string, string> {
  return sortedRecord(
    options.map((option) => {
      const [key, value, found] = cut(option, '=');
      if (!found) throw new CliError('invalid storage option');
      return [key, value] as const;
    }),
  );
}

export interface SecurityOptions {
  readonly options: string[] | null;
  /** Empty lists under `systempaths=unconfined`, else null: the engine's defaults. */
  readonly maskedPaths: string[] | null;
  readonly readonlyPaths: string[] | null;
}

export async function parseSecurityOptions(
  given: readonly string[],
  client: Pick<Client, 'readFile'>,
): Promise<SecurityOptions> {
  const options: string[] = [];
  let unconfined = false;
  for (const option of given) {
    let [key, value, found] = cut(option, '=');
    if (!found && key !== 'no-new-privileges') [key, value, found] = cut(option, ':');
    if ((!found || value === '') && key !== 'no-new-privileges')
      throw new CliError(`Invalid --security-opt: ${quoteGo(option)}`);
    if (option === 'systempaths=unconfined') unconfined = true;
    else if (key === 'seccomp' && value !== 'builtin' && value !== 'unconfined')
      options.push(`seccomp=${await readSeccompProfile(value, client)}`);
    else if (key === 'credentialspec' && /^raw:\/\/\{[^"]+\}$/.test(value)) {
      throw new CliError(
        `invalid credential spec: raw:// value is not JSON: ${value.slice('raw://'.length)}`,
        {
          hint: lostQuotesHint,
        },
      );
    } else options.push(option);
  }
  const paths = unconfined ? [] : null;
  return { options: given.length === 0 ? null : options, maskedPaths: paths, readonlyPaths: paths };
}

async function readSeccompProfile(path: string, client: Pick<Client, 'readFile'>): Promise<string> {
  let text: string;
  try {
    text = (await client.readFile(path)).toString('utf8');
  } catch (error) {
    throw new CliError(`opening seccomp profile (${path}) failed: ${systemErrorText(asError(error))}`, {
      cause: error,
    });
  }
  try {
    return JSON.stringify(JSON.parse(text));
  } catch (error) {
    throw new CliError(`compacting json for seccomp profile (${path}) failed: ${asError(error).message}`, {
      cause: error,
    });
  }
}

/** Said wherever an argument looks like JSON that went through Windows PowerShell 5.1 (users.md 3.1). */
export const lostQuotesHint =
  'Windows PowerShell strips double quotes from arguments: write \\" for each, or use PowerShell 7.3 or later';

/** True for `[cmd,/c]` and `{a:1}`: JSON in shape, but without one quote. */
export function lostQuotes(argument: string): boolean {
  return /^\[[^"\]]*[^"\]\s][^"\]]*\]$|^\{[^"}]*:[^"}]*\}$/.test(argument);
}

const shared = (mode: string) => mode === '' || mode === 'host';

/** `--pid`, `--uts`, `--userns`, `--cgroupns`: the engine ignores them on Windows, but their values are checked here. */
export function checkModes(modes: { pid: string; uts: string; userns: string; cgroupns: string }): void {
  if (!shared(modes.pid) && !/^container:./.test(modes.pid)) throw new CliError('--pid: invalid PID mode');
  if (!shared(modes.uts)) throw new CliError('--uts: invalid UTS mode');
  if (!shared(modes.userns)) throw new CliError('--userns: invalid USER mode');
  if (!shared(modes.cgroupns) && modes.cgroupns !== 'private')
    throw new CliError('--cgroupns: invalid CGROUP mode');
}

export interface HealthFlags {
  readonly disabled: boolean;
  readonly command: string;
  /** Nanoseconds, like the other times. */
  readonly interval: number;
  readonly timeout: number;
  readonly retries: number;
  readonly startPeriod: number;
  readonly startInterval: number;
}

/** `--health-*` and `--no-healthcheck`; undefined = the image's. */
export function parseHealth(flags: HealthFlags): HealthConfig | undefined {
  const { command, interval, timeout, retries, startPeriod, startInterval } = flags;
  const given =
    command !== '' || [interval, timeout, retries, startPeriod, startInterval].some((n) => n !== 0);
  if (flags.disabled) {
    if (given) throw new CliError('--no-healthcheck conflicts with --health-* options');
    return { Test: ['NONE'] };
  }
  if (!given) return undefined;
  for (const [name, value] of [
    ['interval', interval],
    ['timeout', timeout],
    ['retries', retries],
    ['start-period', startPeriod],
    ['start-interval', startInterval],
  ] as const) {
    if (value < 0) throw new CliError(`--health-${name} cannot be negative`);
  }
  return {
    ...(command !== '' && { Test: ['CMD-SHELL', command] }),
    ...(interval !== 0 && { Interval: interval }),
    ...(timeout !== 0 && { Timeout: timeout }),
    ...(startPeriod !== 0 && { StartPeriod: startPeriod }),
    ...(startInterval !== 0 && { StartInterval: startInterval }),
    ...(retries !== 0 && { Retries: retries }),
  };
}

/** Capabilities as the engine takes them: upper case, `CAP_` in front, sorted; null when none. `ALL` stands alone. */
export function parseCapabilities(
  add: readonly string[],
  drop: readonly string[],
): { add: string[] | null; drop: string[] | null } {
  const normalise = (names: readonly string[]) => {
    const set = new Set(
      names.map((name) => {
        const upper = name.trim().toUpperCase();
        return upper === 'ALL' || upper === 'RESET' || upper.startsWith('CAP_') ? upper : `CAP_${upper}`;
      }),
    );
    return set.has('ALL') ? new Set(['ALL']) : set;
  };
  const list = (names: ReadonlySet<string>) => (names.size > 0 ? [...names].sort() : null);
  return { add: list(normalise(add)), drop: list(normalise(drop)) };
}

/** Canonical `name=soft:hard` values of the flag parser; the last of a name wins, sorted by name. */
export function parseUlimits(values: readonly string[]): Ulimit[] {
  const byName = sortedRecord(
    values.map((value) => {
      const [name, limits] = cut(value, '=');
      const [soft, hard] = limits.split(':').map(Number) as [number, number];
      return [name, { Name: name, Hard: hard, Soft: soft }] as const;
    }),
  );
  return Object.values(byName);
}
