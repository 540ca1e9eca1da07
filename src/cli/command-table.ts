/** The table that finds a command's file. The build replaces this file by the table itself. */
import { commandEntries } from './command-entries.ts';
import { indexOf } from './command-index.ts';
import type { CommandIndex } from './command-index.ts';

export const commandIndex: CommandIndex = indexOf(await commandEntries());
