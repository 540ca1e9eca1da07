/** Global flags: Docker's that mean something here, given before the command (docker-cli.md 1.1), and Porthole's own. */
import { CliError } from './cli-error.ts';
import type { GlobalFlags } from './command.ts';
import { flagError, parseFlags } from './argv.ts';
import type { FlagSpecs } from './flag.ts';

export const globalFlags = {
  config: { type: 'string', description: 'Location of client config files' },
  'data-root': {
    type: 'string',
    description: 'Folder of images, containers and networks (overrides PORTHOLE_DATA_ROOT)',
    own: true,
  },
  debug: { type: 'bool', char: 'D', description: 'Enable debug mode' },
  help: { type: 'bool', char: 'h', charDeprecated: 'use --help', description: 'Print usage', hidden: true },
  host: { type: 'list', char: 'H', description: 'Engine to talk to ("local")' },
  'log-level': {
    type: 'string',
    char: 'l',
    default: 'info',
    description: 'Set the logging level ("debug", "info", "warn", "error", "fatal")',
    complete: ['debug', 'info', 'warn', 'error', 'fatal'],
  },
  record: {
    type: 'string',
    description: 'Write every call to the host into this file, without secrets, for a bug report',
    own: true,
    complete: 'file',
  },
  replay: {
    type: 'string',
    description: 'Run against a recording instead of a host',
    own: true,
    complete: 'file',
  },
  version: { type: 'bool', char: 'v', description: 'Print version information and quit' },
} as const satisfies FlagSpecs;

export interface GlobalParse {
  readonly globals: GlobalFlags;
  readonly dataRoot: string;
  readonly help: boolean;
  readonly version: boolean;
  readonly notices: readonly string[];
  /** The command and everything after it. */
  readonly rest: readonly string[];
}

const levels = new Set(['panic', 'fatal', 'error', 'warn', 'warning', 'info', 'debug', 'trace']);

/** Reads the words before the command. `defaultConfig` is where Docker's client keeps its configuration. */
export function parseGlobals(argv: readonly string[], bin: string, defaultConfig: string): GlobalParse {
  let parsed: ReturnType<typeof parseFlags>;
  try {
    parsed = parseFlags(argv, globalFlags, { interspersed: false });
  } catch (error) {
    throw flagError({ path: bin, usage: `${bin} [OPTIONS] COMMAND [ARG...]` }, error);
  }
  const flags = parsed.values.flags as Record<keyof typeof globalFlags, never>;
  const logLevel: string = flags['log-level'];
  if (!levels.has(logLevel.toLowerCase())) throw new CliError(`Unable to parse logging level: ${logLevel}`);
  if (flags.record !== '' && flags.replay !== '') {
    throw new CliError('--record and --replay exclude each other', { code: 'USAGE', exitCode: 125 });
  }
  return {
    globals: {
      ...(flags.record === '' ? {} : { record: flags.record }),
      ...(flags.replay === '' ? {} : { replay: flags.replay }),
      config: flags.config || defaultConfig,
      host: flags.host,
      debug: flags.debug,
      logLevel,
    },
    dataRoot: flags['data-root'],
    help: flags.help,
    version: flags.version,
    notices: parsed.notices,
    rest: parsed.values.args,
  };
}

/** Only the engine inside this process exists so far: any other is refused rather than ignored. */
export function checkHost(hosts: readonly string[]): void {
  if (hosts.length > 1) throw new CliError('Specify only one -H');
  const [host] = hosts;
  if (host === undefined || host === '' || host === 'local') return;
  throw new CliError(`engine ${JSON.stringify(host)} is not supported: only the local engine is`, {
    kind: 'notImplemented',
    code: 'ENGINE_NOT_SUPPORTED',
    hint: 'leave -H out, or say -H local',
  });
}
