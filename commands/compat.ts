import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { CliError, joinErrors } from '../src/cli/cli-error.ts';
import { Command } from '../src/cli/command.ts';
import { registryCredentials } from '../src/cli/credentials.ts';
import type { FlagSpecs, FlagValues, ParsedFlags } from '../src/cli/flag.ts';
import { checkPlatform, clientReference } from '../src/cli/references.ts';
import { builtInIssues } from '../src/compat/data/known-issues.ts';
import { hostNames, namedHost } from '../src/compat/host.ts';
import type { CompatHost } from '../src/compat/host.ts';
import { describeCompatHost } from '../src/compat/judge.ts';
import { parseKnownIssues } from '../src/compat/known-issues.ts';
import type { KnownIssues } from '../src/compat/known-issues.ts';
import { renderReport } from '../src/compat/render.ts';
import { reportDocument, reportOn } from '../src/compat/report.ts';
import type { CompatReport, ReportOptions } from '../src/compat/report.ts';
import { architectureOfNode, parsePlatform } from '../src/image/platform.ts';

const flags = {
  'host-sku': {
    type: 'string',
    description: 'With --host-version: server or client (default by its build)',
    complete: ['server', 'client'],
  },
  'host-version': {
    type: 'string',
    description:
      'Judge for this host: 10.0.BUILD[.REVISION], a build, or a name such as ltsc2022 or win11-24h2',
    complete: hostNames,
  },
  isolation: {
    type: 'string',
    description: 'Judge this isolation alone: process or hyperv',
    complete: ['process', 'hyperv'],
  },
  'known-issues': {
    type: 'string',
    description: 'File of known issues to use instead of the built-in ones, or "none"',
    complete: 'file',
  },
  'no-hyperv': { type: 'bool', description: 'With --host-version: the host has no Hyper-V' },
  platform: { type: 'string', description: 'Image of a list to judge, such as windows/amd64' },
  registry: { type: 'bool', description: 'Ask the registry even for images that are here' },
} as const satisfies FlagSpecs;

type Flags = FlagValues<typeof flags>;

export default class Compat extends Command {
  static readonly summary = 'Tell whether a host can run images, in which isolation, and why';
  static readonly usage = '[OPTIONS] IMAGE [IMAGE...]';
  static readonly description =
    'Tell whether a host can run images, in which isolation, and why.\n\n' +
    'Looks at the image in the store, else at the documents of the registry; pulls\n' +
    'nothing. Exit codes: 0 all of them run, 1 one does not or cannot be looked up.';
  static readonly flags = flags;
  static readonly args = { min: 1 };
  static readonly completes = 'image';
  static readonly examples = [
    'porthole compat mcr.microsoft.com/windows/servercore:ltsc2025',
    'porthole compat --host-version windows-2022 app',
  ];

  async run({ flags, args, changed }: ParsedFlags<typeof Compat.flags>): Promise<number> {
    const { signal, stdout } = this.context;
    if (changed.has('host-version') && flags['host-version'] === '')
      throw usage('--host-version is empty: give a version, a build or a name');
    const shared = await this.#options(flags);
    const { images, system } = await this.context.engine();
    const host: CompatHost =
      flags['host-version'] === '' ? await system.host({ signal }) : this.#namedHost(flags);
    const reports: CompatReport[] = [];
    const errors: unknown[] = [];
    this.result(() => ({
      apiVersion: 'porthole/v1',
      host,
      knownIssues: shared.issues.version,
      images: reports.map(reportDocument),
    }));
    stdout.write(`Host: ${describeCompatHost(host)}\n`);
    for (const name of args) {
      try {
        const offer = await images.platforms(name, {
          signal,
          auth: registryCredentials(this.context),
          registry: flags.registry,
        });
        const report = reportOn(offer, host, { ...shared, repository: repositoryOf(offer.reference) });
        reports.push(report);
        stdout.write(`\n${renderReport(report)}`);
      } catch (error) {
        signal.throwIfAborted();
        errors.push(error);
      }
    }
    if (errors.length > 0) throw joinErrors(errors);
    return reports.every(({ isolation }) => isolation !== undefined) ? 0 : 1;
  }

  #namedHost(flags: Flags): CompatHost {
    const sku = flags['host-sku'];
    if (sku !== '' && sku !== 'server' && sku !== 'client')
      throw usage(`unknown --host-sku "${sku}": use server or client`);
    return clientSide(() =>
      namedHost(flags['host-version'], {
        ...(sku === '' ? {} : { sku }),
        hyperv: !flags['no-hyperv'],
        architecture: flags.platform === '' ? 'amd64' : this.#platform(flags.platform).architecture,
      }),
    );
  }

  async #options(flags: Flags): Promise<Omit<ReportOptions, 'repository'>> {
    const { isolation, platform } = flags;
    if (flags['host-version'] === '') {
      for (const name of ['host-sku', 'no-hyperv'] as const) {
        if (flags[name] !== '' && flags[name] !== false) throw usage(`--${name} goes with --host-version`);
      }
    }
    if (isolation !== '' && isolation !== 'process' && isolation !== 'hyperv')
      throw usage(`unknown --isolation "${isolation}": use process or hyperv`);
    return {
      isolation,
      issues: await this.#issues(flags['known-issues']),
      now: this.context.environment.now(),
      ...(platform === '' ? {} : { requested: { text: platform, platform: this.#platform(platform) } }),
    };
  }

  #platform(text: string): ReturnType<typeof parsePlatform> {
    const { environment } = this.context;
    checkPlatform(text, this.context);
    return parsePlatform(text, { os: 'windows', architecture: architectureOfNode(environment.arch) });
  }

  async #issues(file: string): Promise<KnownIssues> {
    if (file === '') return builtInIssues;
    if (file === 'none') return { version: 'none', issues: [] };
    const text = await readFile(resolve(this.context.environment.cwd, file), 'utf8');
    return clientSide(() => parseKnownIssues(text), `${file}: `);
  }
}

function repositoryOf(reference: string): string | undefined {
  try {
    return clientReference(reference).path;
  } catch {
    return undefined;
  }
}

function usage(message: string): CliError {
  return new CliError(message, { code: 'USAGE', exitCode: 125 });
}

/** Mistakes in what was typed are the command line's, not an engine's. */
function clientSide<T>(work: () => T, prefix = ''): T {
  try {
    return work();
  } catch (error) {
    const { message, hint } = error as { message: string; hint?: string };
    throw new CliError(prefix + message, {
      code: 'USAGE',
      exitCode: 125,
      ...(hint === undefined ? {} : { hint }),
      cause: error,
    });
  }
}
