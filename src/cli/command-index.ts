/**
 * Which command a spelling means: small enough to be read on every start. The build replaces `commandIndex` with a table
 * made from the classes; run from source, `scripts/command-index.ts` makes the same one by importing them.
 */
export interface CommandIndex {
  /** Spelling (`container list`) -> file under `commands/` without extension, and the spelling that texts show. */
  readonly commands: Readonly<Record<string, readonly [file: string, path: string]>>;
  /** Management commands (`container`) and their summaries. */
  readonly groups: Readonly<Record<string, string>>;
}

/** All of a command's statics that help and completion need without its code. */
export interface CommandEntry {
  readonly file: string;
  /** The spelling that its folder gives it. */
  readonly path: string;
  readonly aliases: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly usage: string;
  readonly examples: readonly string[];
  readonly category: 'common' | 'management' | 'command';
  readonly hidden: boolean;
  readonly completes: string;
  readonly interspersed: boolean;
  readonly flags: readonly FlagEntry[];
}

export interface FlagEntry {
  readonly name: string;
  readonly char?: string;
  readonly type: string;
  readonly description: string;
  readonly hidden: boolean;
  /** It eats the next word unless `=` follows. */
  readonly takesValue: boolean;
  readonly complete?: readonly string[] | string;
}

/** Summaries of management commands, Docker's words where it has them. Only those with commands are offered. */
export const groupSummaries: Readonly<Record<string, string>> = {
  builder: 'Manage builds',
  container: 'Manage containers',
  context: 'Manage contexts',
  image: 'Manage images',
  layer: 'Inspect layers of images and containers',
  manifest: 'Manage Docker image manifests and manifest lists',
  network: 'Manage networks',
  system: 'Manage Docker',
  volume: 'Manage volumes',
};

/** The spelling shown in texts: the first of the command's spellings in the same group (`container list` -> `container ls`). */
export function shownPath(typed: string, spellings: readonly string[]): string {
  const group = groupOf(typed);
  return spellings.find((spelling) => groupOf(spelling) === group) ?? typed;
}

export function groupOf(path: string): string {
  const space = path.lastIndexOf(' ');
  return space < 0 ? '' : path.slice(0, space);
}

export function indexOf(entries: readonly CommandEntry[]): CommandIndex {
  const commands: Record<string, readonly [string, string]> = {};
  const groups: Record<string, string> = {};
  for (const entry of entries) {
    const spellings = [entry.path, ...entry.aliases];
    for (const spelling of spellings) {
      commands[spelling] = [entry.file, shownPath(spelling, spellings)];
      const group = groupOf(spelling);
      if (group !== '') groups[group] = groupSummaries[group] ?? `Manage ${group}s`;
    }
  }
  return { commands, groups };
}
