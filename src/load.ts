/**
 * Where the command line finds commands, the engine and the package. The build replaces this file: there commands and the
 * engine are parts of the same bundle.
 */
import { dirname } from 'node:path';
import type { CommandClass } from './cli/command.ts';
import type { Engine } from './engine/roles/index.ts';
import type { Environment } from './environment.ts';

/** Absolute folder of the package. */
export const packageRoot = dirname(import.meta.dirname);

/** `file` as in the command table: `network/create`. */
export async function loadCommand(file: string): Promise<CommandClass> {
  const url = new URL(`../commands/${file}.ts`, import.meta.url).href;
  return ((await import(url)) as { default: CommandClass }).default;
}

/** What `src/main.ts` exports. */
export interface EngineModule {
  createEngine(environment: Environment): Promise<Engine>;
}

export async function loadEngine(environment: Environment): Promise<Engine> {
  const url = new URL('./main.ts', import.meta.url).href;
  return ((await import(url)) as EngineModule).createEngine(environment);
}
