/** Makes the command tables from the classes themselves: by the build once, and on each start when run from source. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { CommandClass } from './command.ts';
import type { CommandEntry, FlagEntry } from './command-index.ts';
import type { FlagSpec } from './flag.ts';

/** Paths below `folder` without extension, with `/`: `network/create`. */
export function commandFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))
    .map((path) => path.slice(0, -'.ts'.length).replaceAll('\\', '/'))
    .sort();
}

export function flagEntry([name, spec]: [string, FlagSpec]): FlagEntry {
  return {
    name,
    ...(spec.char === undefined ? {} : { char: spec.char }),
    type: spec.type,
    description: spec.description,
    hidden: spec.hidden === true || spec.deprecated !== undefined,
    takesValue: spec.type !== 'bool' && spec.noOptDefault === undefined,
    ...(spec.complete === undefined ? {} : { complete: spec.complete }),
  };
}

export function commandEntry(file: string, command: CommandClass): CommandEntry {
  return {
    file,
    path: file.replaceAll('/', ' '),
    aliases: command.aliases ?? [],
    summary: command.summary,
    ...(command.description === undefined ? {} : { description: command.description }),
    usage: command.usage,
    examples: command.examples ?? [],
    category: command.category ?? 'command',
    hidden: command.hidden ?? false,
    completes: command.completes ?? 'none',
    interspersed: command.interspersed ?? true,
    flags: Object.entries(command.flags).map(flagEntry),
  };
}

/** Entries of every class under `folder`. A file that fails to load is reported through `skipped`, else thrown. */
export async function scanCommands(
  folder: string,
  skipped?: (file: string, error: unknown) => void,
): Promise<CommandEntry[]> {
  const entries = await Promise.all(
    commandFiles(folder).map(async (file) => {
      try {
        const url = pathToFileURL(join(folder, file + '.ts')).href;
        const loaded = (await import(url)) as { default: CommandClass };
        return commandEntry(file, loaded.default);
      } catch (error) {
        if (!skipped) throw error;
        skipped(file, error);
        return undefined;
      }
    }),
  );
  return entries.filter((entry) => entry !== undefined);
}
