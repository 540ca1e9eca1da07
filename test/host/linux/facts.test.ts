import { expect } from 'chai';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readFacts } from '../../../src/host/linux/facts.ts';
import { testEnvironment } from '../../support/linux-host.ts';

describe('facts of a Linux host', () => {
  let root: string;
  before(function () {
    if (process.platform !== 'linux') this.skip();
    root = mkdtempSync(join(tmpdir(), 'porthole-probe-test-'));
  });
  after(() => {
    if (root) rmSync(root, { recursive: true });
  });
  const read = (dataRoot: string) =>
    readFacts(testEnvironment(dataRoot), process.geteuid!(), process.getegid!());

  it('are looked up without leaving anything', async () => {
    const facts = await read(root);
    expect(facts.processors).to.be.greaterThan(0);
    expect(facts.kernel).to.match(/^\d+\./);
    expect(facts.missingParts).to.deep.equal([]);
    expect(facts.dataRoot).to.include({ path: root, existing: root, folder: true, writable: true });
    expect(facts.dataRoot).to.include({ owner: process.geteuid!(), mode: 0o700 });
    expect(facts.dataRoot.freeBytes).to.be.greaterThan(0);
    expect(readdirSync(root)).to.deep.equal([]);
  });

  it('do not make the data root', async () => {
    const path = join(root, 'a/b');
    const { dataRoot, overlay, namespaces } = await read(path);
    expect(dataRoot).to.include({ path, existing: root, folder: undefined, writable: true });
    if (namespaces !== undefined) expect(overlay).to.equal(namespaces);
    expect(readdirSync(root)).to.deep.equal([]);
  });
});
