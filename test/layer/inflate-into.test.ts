import { expect } from 'chai';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { readTarContext } from '../../src/build/tar-context.ts';
import { readContextDockerfile } from '../../src/cli/context-dockerfile.ts';

describe('archives that a reader takes slowly', () => {
  const files = 40;
  const pieces = async function* (bytes: Buffer): AsyncGenerator<Buffer> {
    for (let at = 0; at < bytes.length; at += 16 << 10) {
      yield bytes.subarray(at, at + (16 << 10));
      await nextTurn();
    }
  };
  let archive: Buffer;
  let folder: string;
  const warnings: string[] = [];
  const note = ({ message }: Error): void => void warnings.push(message);

  before(async () => {
    const tar = pack();
    tar.entry({ name: 'Dockerfile' }, 'FROM x\n');
    for (let at = 0; at < files; at += 1) tar.entry({ name: `f${at}` }, Buffer.alloc(200 << 10, at));
    tar.finalize();
    archive = await buffer(tar);
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'porthole-inflate-into-'));
    warnings.length = 0;
    process.on('warning', note);
  });
  afterEach(() => {
    process.off('warning', note);
    rmSync(folder, { recursive: true, force: true });
  });

  for (const [form, bytesOf] of [
    ['plain', (bytes: Buffer) => bytes],
    ['gzip', (bytes: Buffer) => gzipSync(bytes, { level: 1 })],
  ] as const)
    it(`leave no listeners behind: ${form}`, async () => {
      const source = (): Readable => Readable.from(pieces(bytesOf(archive)), { objectMode: false });

      const { tree } = await readTarContext(source(), join(folder, 'context'));
      const { bytes } = await readContextDockerfile({
        context: { kind: 'tar', stream: source() },
        dockerfile: { path: 'Dockerfile' },
      });
      await nextTurn();

      expect([...tree.entries()].length).to.equal(files + 1);
      expect(bytes.toString()).to.equal('FROM x\n');
      expect(warnings).to.deep.equal([]);
    });
});
