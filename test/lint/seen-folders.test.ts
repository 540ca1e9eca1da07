import { expect } from 'chai';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SeenFolders } from '../../src/lint/seen-folders.ts';

describe('SeenFolders', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'porthole-seen-'));
    writeFileSync(join(folder, '.dockerignore'), '');
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  it('asks for folders that no search has listed', () => {
    expect(new SeenFolders().holds(folder, '.dockerignore')).to.equal(true);
    expect(new SeenFolders().holds(folder, '.hadolint.yaml')).to.equal(false);
  });

  it('asks for names that the folder may hold, in any case, and for no others', () => {
    const seen = new SeenFolders();
    seen.add(folder, ['Dockerfile', '.DOCKERIGNORE', 'Dockerfile.dockerignore']);
    expect(seen.holds(folder, '.dockerignore')).to.equal(true);
    // Listed, and gone since.
    expect(seen.holds(folder, 'Dockerfile.dockerignore')).to.equal(false);
    writeFileSync(join(folder, '.hadolint.yaml'), '');
    expect(seen.holds(folder, '.hadolint.yaml')).to.equal(false);
  });
});
