/** Statics of every command. The build replaces this file by the entries themselves. */
import { join } from 'node:path';
import type { CommandEntry } from './command-index.ts';
import { scanCommands } from './command-scan.ts';

export function commandEntries(): Promise<readonly CommandEntry[]> {
  return scanCommands(join(import.meta.dirname, '../../commands'));
}
