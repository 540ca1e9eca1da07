/**
 * The way out for words that are no command of ours: oclif's plugins and its `command_not_found` hook. Loaded only then,
 * because loading oclif takes longer than most commands (performance.md 4).
 */
import type { Command, Config } from '@oclif/core';
import { CliError } from '../cli-error.ts';

/** Longest run of leading words that is a plugin's command. */
function findPluginCommand(
  config: Config,
  argv: readonly string[],
): { id: string; rest: string[] } | undefined {
  const end = argv.findIndex((word) => word.startsWith('-'));
  const words = end < 0 ? argv : argv.slice(0, end);
  for (let count = words.length; count > 0; count--) {
    const id = words.slice(0, count).join(':');
    const found: Command.Loadable | undefined = config.findCommand(id);
    if (found && found.pluginName !== config.pjson.name) return { id, rest: argv.slice(count) };
  }
  return undefined;
}

/** The exit code of the plugin or hook that took the words, or undefined. */
export async function runPlugin(root: string, argv: readonly string[]): Promise<number | undefined> {
  const { Config, loadHelpClass } = await import('@oclif/core');
  const config = await Config.load({ root });
  // Warnings about plugins that do not load are emitted in the next turn; the process may end before it.
  await new Promise((done) => setImmediate(done));
  const found = findPluginCommand(config, argv);
  if (found) {
    if (wantsHelp(found.rest)) {
      const help = await loadHelpClass(config);
      await new help(config).showHelp([found.id]);
      return 0;
    }
    try {
      await config.runCommand(found.id, found.rest);
      return 0;
    } catch (error) {
      const { oclif, code } = error as { oclif?: { exit?: number }; code?: string };
      if (oclif?.exit === undefined) throw error;
      // `this.exit(n)` of a plugin is an error without a text for people.
      if (code === 'EEXIT' || oclif.exit === 0) return oclif.exit;
      throw new CliError((error as Error).message, { exitCode: oclif.exit, cause: error });
    }
  }
  const { successes } = await config.runHook('command_not_found', { id: argv.join(':'), argv: [...argv] });
  return successes.length > 0 ? 0 : undefined;
}

function wantsHelp(words: readonly string[]): boolean {
  const end = words.indexOf('--');
  return (end < 0 ? words : words.slice(0, end)).includes('--help');
}
