import { expect } from 'chai';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PortholeError } from '../../src/errors/porthole-error.ts';

/**
 * One test a folder of `folder`: `input.json` through `build` must give `document.json` exactly, key order included. An
 * error is a document too: `{ error: { kind, code, message, hint } }`. `UPDATE_GOLDEN=1` writes what comes out.
 */
export function caseFolders<T>(folder: string, build: (input: T) => unknown): void {
  for (const name of readdirSync(folder).sort()) {
    it(name, () => {
      const input = JSON.parse(readFileSync(join(folder, name, 'input.json'), 'utf8')) as T;
      const path = join(folder, name, 'document.json');
      const text = `${JSON.stringify(
        outcome(() => build(input)),
        null,
        2,
      )}\n`;
      if (process.env['UPDATE_GOLDEN'] === '1' || !existsSync(path)) {
        if (process.env['UPDATE_GOLDEN'] !== '1') expect.fail(`${path} is missing: run with UPDATE_GOLDEN=1`);
        writeFileSync(path, text);
      }
      expect(text).to.equal(readFileSync(path, 'utf8'));
    });
  }
}

function outcome(build: () => unknown): unknown {
  try {
    return build();
  } catch (error) {
    if (!(error instanceof PortholeError)) throw error;
    const { kind, code, message, hint } = error;
    return { error: { kind, code, message, ...(hint === undefined ? {} : { hint }) } };
  }
}
