import { asError } from '../src/errors/porthole-error.ts';
import type { VersionResponse } from '../src/api/types/index.ts';
import { CliError } from '../src/cli/cli-error.ts';
import { Command } from '../src/cli/command.ts';
import type { FlagSpecs, ParsedFlags } from '../src/cli/flag.ts';
import { systemTypes } from '../src/cli/go-types/system.ts';
import { buildTimeText, normalizeServer, versionText } from '../src/cli/render/version.ts';
import type { ClientVersion, VersionDocument } from '../src/cli/render/version.ts';
import { templateFormat } from '../src/cli/shared-flags.ts';
import { buildInfo } from '../src/build-info.ts';
import { apiVersion, packageVersion } from '../src/version.ts';
import { architectureOfNode } from '../src/image/platform.ts';
import { parseTemplate, TemplateError, typedValue } from '../src/text/template.ts';
import type { Template } from '../src/text/template.ts';

const flags = {
  format: { ...templateFormat, char: 'f' },
} as const satisfies FlagSpecs;

export default class Version extends Command {
  static readonly summary = 'Show the Docker version information';
  static readonly usage = '[OPTIONS]';
  static readonly flags = flags;
  static readonly args = { min: 0, max: 0 };
  static readonly category = 'common';
  static readonly completes = 'none';
  static readonly examples = ["porthole version --format '{{.Server.Os}}'"];

  async run({ flags }: ParsedFlags<typeof Version.flags>): Promise<void> {
    const template = flags.format === '' ? undefined : versionTemplate(flags.format);
    let server: VersionResponse | null = null;
    let failure: unknown;
    try {
      const { system } = await this.context.engine();
      server = normalizeServer(await system.version({ signal: this.context.signal }));
    } catch (error) {
      failure = error;
    }
    const document: VersionDocument = { Client: this.#client(), Server: server };
    this.result(document);
    this.context.stdout.write(template ? `${this.#formatted(template, document)}\n` : versionText(document));
    // The client's half is shown even when the engine cannot be asked.
    if (failure !== undefined) throw asError(failure);
  }

  #client(): ClientVersion {
    const { platform, arch } = this.context.environment;
    return {
      Version: packageVersion,
      ApiVersion: apiVersion,
      DefaultAPIVersion: apiVersion,
      GitCommit: buildInfo.commit,
      Os: platform === 'win32' ? 'windows' : platform,
      Arch: architectureOfNode(arch),
      BuildTime: buildTimeText(buildInfo.built),
      Context: 'default',
    };
  }

  #formatted(template: Template, document: VersionDocument): string {
    try {
      return template.execute(typedValue(document, systemTypes()['system.versionInfo']!));
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      this.context.stdout.write('\n');
      throw new CliError(named(error.message), { code: 'TEMPLATE', cause: error });
    }
  }
}

/** Docker names this template. */
function named(message: string): string {
  return message.replace('template: :', 'template: version:').replace('executing ""', 'executing "version"');
}

function versionTemplate(format: string): Template {
  try {
    return parseTemplate(format === 'json' ? '{{json .}}' : format);
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    throw new CliError(`template parsing error: ${named(error.message)}`, {
      code: 'TEMPLATE',
      exitCode: 64,
      cause: error,
    });
  }
}
