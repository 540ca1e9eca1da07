import { CliError } from '../src/cli/cli-error.ts';
import { Command } from '../src/cli/command.ts';
import { completionScript, isProgramName, shells } from '../src/cli/completion-scripts.ts';
import type { Shell } from '../src/cli/completion-scripts.ts';
import type { FlagSpecs, ParsedFlags } from '../src/cli/flag.ts';

const flags = {
  alias: { type: 'list', description: 'Complete this name of the program too', own: true },
} as const satisfies FlagSpecs;

export default class Completion extends Command {
  static readonly summary = 'Generate the autocompletion script for a shell';
  static readonly usage = '[OPTIONS] bash|powershell|zsh';
  static readonly flags = flags;
  static readonly args = { min: 1, max: 1 };
  static readonly completes = 'none';
  static readonly examples = [
    'porthole completion powershell | Out-String | Invoke-Expression',
    'porthole completion powershell >> $PROFILE',
    'source <(porthole completion bash)',
  ];

  async run({ flags, args }: ParsedFlags<typeof Completion.flags>): Promise<void> {
    const shell = args[0] as Shell;
    if (!shells.includes(shell)) {
      throw new CliError(`unknown shell ${JSON.stringify(shell)}: must be one of ${shells.join(', ')}`);
    }
    const bad = flags.alias.find((name) => !isProgramName(name));
    if (bad !== undefined) throw new CliError(`${JSON.stringify(bad)} is not the name of a program`);
    const script = completionScript(shell, flags.alias);
    this.result({ apiVersion: 'porthole/v1', shell, script });
    this.context.stdout.write(script);
  }
}
