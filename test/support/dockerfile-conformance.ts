/**
 * Conformance data for the Dockerfile language that lies beside the checkout. Our own fixtures catch regressions where it
 * is absent; `conformance` then is undefined and the suites say so.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../../../shared/conformance/dockerfile');

export interface Conformance {
  readonly root: string;
  bytes(path: string): Buffer;
  text(path: string): string;
  json<T>(path: string): T;
  folders(path: string): string[];
  files(path: string): string[];
}

export const conformance: Conformance | undefined = existsSync(root)
  ? {
      root,
      bytes: (path) => readFileSync(join(root, path)),
      text: (path) => readFileSync(join(root, path), 'utf8'),
      json: <T>(path: string) => JSON.parse(readFileSync(join(root, path), 'utf8')) as T,
      folders: (path) =>
        readdirSync(join(root, path), { withFileTypes: true })
          .filter((entry) => entry.isDirectory())
          .map((entry) => entry.name),
      files: (path) => readdirSync(join(root, path)),
    }
  : undefined;

/** A suite over the data, or one skipped test that says why there is none. */
export function describeConformance(title: string, suite: (data: Conformance) => void): void {
  describe(title, () => {
    if (conformance) suite(conformance);
    else
      it.skip('is checked against the conformance data beside the checkout, which is absent', () =>
        undefined);
  });
}
