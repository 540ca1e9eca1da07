/** Which Porthole this is. The build replaces this file's reading of package.json by the values themselves. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface BuildInfo {
  readonly version: string;
  /** Seven hex digits, or `unknown` outside a repository. */
  readonly commit: string;
  /** RFC 3339; empty when run from source. */
  readonly built: string;
}

function fromPackage(): BuildInfo {
  const text = readFileSync(join(import.meta.dirname, '../package.json'), 'utf8');
  const { version } = JSON.parse(text) as { version: string };
  return { version, commit: 'source', built: '' };
}

export const buildInfo: BuildInfo = fromPackage();
export const versionText = `Porthole version ${buildInfo.version}, build ${buildInfo.commit}`;
