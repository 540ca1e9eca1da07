import type { CommandSyntax } from './argv.ts';
import { withCommonFlags } from './argv.ts';
import type { CommandClass, Terminal } from './command.ts';
import type { CommandEntry } from './command-index.ts';
import { groupOf } from './command-index.ts';
import type { Helper } from './dispatch.ts';
import { commandHelp, groupHelp, helpColumns, rootHelp } from './help.ts';
import { nearest } from './suggest.ts';

export interface HelperOptions {
  /** Statics of every command. */
  readonly entries: () => Promise<readonly CommandEntry[]>;
  readonly terminal: Terminal;
  /** Default of `--config`, which help shows. */
  readonly config: string;
}

/** Help and suggestions, rendered from statics. */
export function createHelper({ entries, terminal, config }: HelperOptions): Helper {
  const columns = helpColumns(terminal);
  return {
    root: async (bin) => rootHelp(bin, await entries(), columns, { config }),
    group: async (bin, group) => groupHelp(bin, group, await entries()),
    command: (syntax: CommandSyntax, command: CommandClass, spellings) =>
      commandHelp(
        {
          syntax,
          summary: command.summary,
          description: command.description,
          examples: command.examples,
          spellings,
        },
        columns,
      ),
    suggestCommand: async (word, group) => {
      const names = (await entries())
        .filter((entry) => !entry.hidden)
        .flatMap((entry) => [entry.path, ...entry.aliases])
        .filter((spelling) => groupOf(spelling) === group);
      const words = new Set(
        names.map((spelling) => (group === '' ? spelling : spelling.slice(group.length + 1))),
      );
      if (group === '') for (const entry of await entries()) words.add(groupOf(entry.path) || entry.path);
      const found = nearest(word, words);
      if (found === undefined) return undefined;
      return group === '' ? found : `${group} ${found}`;
    },
    suggestFlag: (message, command) => {
      const typed = /^unknown flag: --([^=]*)/.exec(message)?.[1];
      if (typed === undefined) return undefined;
      const flags = Object.entries(withCommonFlags(command.flags));
      const shown = flags.filter(([, spec]) => spec.hidden !== true && spec.deprecated === undefined);
      const found = nearest(
        typed,
        shown.map(([name]) => name),
      );
      return found === undefined ? undefined : `did you mean --${found}?`;
    },
  };
}
