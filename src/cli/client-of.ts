import { readFile } from 'node:fs/promises';
import type { CommandContext } from './command.ts';
import type { Client } from './requests/client.ts';
import { absolutePath } from './requests/client.ts';

/** The machine of the command line, as request builders see it. Relative paths are read from the client's folder. */
export function clientOf({ environment }: Pick<CommandContext, 'environment'>): Client {
  const { platform, env, cwd, homeDir } = environment;
  return {
    platform,
    env,
    cwd,
    homeDir,
    readFile: async (path) => {
      try {
        return await readFile(absolutePath({ platform, cwd }, path));
      } catch (error) {
        // Go's error names the path as it was typed.
        throw Object.assign(error as NodeJS.ErrnoException, { path });
      }
    },
  };
}
