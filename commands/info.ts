import { asError } from '../src/errors/porthole-error.ts';
import { CliError, errorText } from '../src/cli/cli-error.ts';
import { Command } from '../src/cli/command.ts';
import type { FlagSpecs, ParsedFlags } from '../src/cli/flag.ts';
import { systemTypes } from '../src/cli/go-types/system.ts';
import { infoText } from '../src/cli/render/info.ts';
import type { InfoDocument } from '../src/cli/render/info.ts';
import { templateFormat } from '../src/cli/shared-flags.ts';
import { packageVersion } from '../src/version.ts';
import { parseTemplate, TemplateError, typedValue } from '../src/text/template.ts';

const flags = {
  format: { ...templateFormat, char: 'f' },
} as const satisfies FlagSpecs;

export default class Info extends Command {
  static readonly summary = 'Display system-wide information';
  static readonly usage = '[OPTIONS]';
  static readonly flags = flags;
  static readonly args = { min: 0, max: 0 };
  static readonly aliases = ['system info'];
  static readonly category = 'common';
  static readonly completes = 'none';
  static readonly examples = ["porthole info --format '{{.Isolation}}'"];

  async run({ flags }: ParsedFlags<typeof Info.flags>): Promise<number> {
    const { stdout, stderr, globals, signal } = this.context;
    const client: InfoDocument = {
      ClientInfo: {
        Debug: globals.debug,
        Version: packageVersion,
        Context: 'default',
        Plugins: [],
        Warnings: null,
      },
    };
    let document = client;
    let failure: unknown;
    try {
      const { system } = await this.context.engine();
      document = { ...(await system.info({ signal })), ...client };
    } catch (error) {
      failure = error;
    }
    this.result(document);
    if (flags.format !== '') {
      if (failure !== undefined) {
        stderr.write(`${errorText(failure)}\n`);
        document = { ...client, ServerErrors: [errorText(failure)] };
      }
      stdout.write(`${this.#formatted(flags.format, document)}\n`);
      return 0;
    }
    const text = infoText(document, failure === undefined, globals.debug);
    stdout.write(text.stdout);
    stderr.write(text.stderr);
    if (failure !== undefined) throw asError(failure);
    if (text.failed) throw new CliError('errors pretty printing info');
    return 0;
  }

  #formatted(format: string, document: InfoDocument): string {
    try {
      const template = parseTemplate(format === 'json' ? '{{json .}}' : format);
      return template.execute(typedValue(document, systemTypes()['system.dockerInfo']!));
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      if (error.phase === 'execute') this.context.stdout.write('\n');
      const text = error.phase === 'parse' ? `template parsing error: ${error.message}` : error.message;
      const exitCode = error.phase === 'parse' ? 64 : 1;
      throw new CliError(text, { code: 'TEMPLATE', exitCode, cause: error });
    }
  }
}
