import { asError, PortholeError } from '../src/errors/porthole-error.ts';
import { CliError, errorText } from '../src/cli/cli-error.ts';
import { Command } from '../src/cli/command.ts';
import type { FlagSpecs, ParsedFlags } from '../src/cli/flag.ts';

export default class Rename extends Command {
  static readonly summary = 'Rename a container';
  static readonly usage = 'CONTAINER NEW_NAME';
  static readonly flags = {} as const satisfies FlagSpecs;
  static readonly args = { min: 2, max: 2 };
  static readonly aliases = ['container rename'];
  static readonly completes = 'container';
  static readonly examples = ['porthole rename web web-old'];

  async run({ args }: ParsedFlags<typeof Rename.flags>): Promise<void> {
    const [oldName, newName] = args.map((name) => name.trim()) as [string, string];
    if (oldName === '' || newName === '') throw new CliError('Error: Neither old nor new names may be empty');
    const { containers } = await this.context.engine();
    try {
      await containers.rename(oldName, newName, { signal: this.context.signal });
    } catch (error) {
      throw renameError(error, oldName);
    }
    this.result({ OldName: oldName, Name: newName });
  }
}

/** Docker prints the engine's error and one line of its own. */
function renameError(error: unknown, name: string): Error {
  if (!(error instanceof PortholeError) || error.kind === 'cancelled') return asError(error);
  return new CliError(`${errorText(error)}\nError: failed to rename container named ${name}`, {
    kind: error.kind,
    code: error.code,
    plainMessage: error.message,
    ...(error.hint !== undefined && { hint: error.hint }),
    cause: error,
  });
}
