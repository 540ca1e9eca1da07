import { Command } from '../src/cli/command.ts';
import type { FlagSpecs } from '../src/cli/flag.ts';
import { CliError } from '../src/cli/cli-error.ts';
import { personalSettings } from '../src/lint/settings/find-config.ts';
import { packageVersion } from '../src/version.ts';

const flags = {
  // What most editors add to a server's command line; standard input and output are the only way there is.
  clientProcessId: {
    type: 'string',
    description: 'Process of the editor: the server ends when that one is gone',
    hidden: true,
  },
  stdio: { type: 'bool', description: 'Talk on standard input and output (always so)' },
} as const satisfies FlagSpecs;

export default class Lsp extends Command {
  static readonly summary = 'Start a language server for Dockerfiles on standard input and output';
  static readonly usage = '[OPTIONS]';
  static readonly description =
    'For editors: findings of "porthole lint" while typing, quick fixes, formatting, completion, hover, go to definition.\n' +
    'docs/editors.md shows how to set up VS Code, Neovim and Helix.';
  static readonly flags = flags;
  static readonly args = { min: 0, max: 0 };
  static readonly examples = ['porthole lsp'];

  async run(): Promise<never> {
    const { environment, stdin, stdout, inTerminal, signal, json } = this.context;
    if (json) {
      throw new CliError('"porthole lsp" talks the Language Server Protocol: it has no --json', {
        code: 'USAGE',
        exitCode: 2,
      });
    }
    if (inTerminal.isTTY) {
      throw new CliError('"porthole lsp" is started by an editor: standard input is a terminal', {
        code: 'USAGE',
        exitCode: 2,
      });
    }
    const { serve } = await import('../src/lsp/server.ts');
    const aborted = new Promise<never>((_, fail) => {
      signal.addEventListener('abort', () => fail(signal.reason as Error), { once: true });
    });
    const served = serve({
      input: stdin,
      output: stdout,
      version: packageVersion,
      packageRoot: environment.packageRoot,
      personal: personalSettings(environment),
      now: environment.now,
    });
    return Promise.race([served, aborted]);
  }
}
