/** What a build knows of itself. The build replaces this file, which reads package.json, by the values. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface BuildInfo {
  readonly version: string;
  /** Seven hex digits; `source` when not built, `unknown` when built outside a repository. */
  readonly commit: string;
  /** RFC 3339; empty when not built. */
  readonly built: string;
}

function fromPackage(): BuildInfo {
  const text = readFileSync(join(import.meta.dirname, '../package.json'), 'utf8');
  const { version } = JSON.parse(text) as { version: string };
  return { version, commit: 'source', built: '' };
}

export const buildInfo: BuildInfo = fromPackage();
