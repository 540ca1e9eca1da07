import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { expect } from 'chai';
import { pack } from 'tar-stream';
import { openBuildContext } from '../../src/cli/build-context.ts';
import { readContextDockerfile } from '../../src/cli/context-dockerfile.ts';
import type { Client } from '../../src/cli/requests/client.ts';
import { compressBy } from '../support/compressors.ts';

describe('cli/build-context', () => {
  let folder: string;
  let client: Client;
  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'porthole-context-')));
    client = {
      platform: 'linux',
      env: {},
      cwd: folder,
      homeDir: folder,
      readFile: async () => Buffer.alloc(0),
    };
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const write = (path: string, text: string | Buffer = 'FROM x\n') => {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  const open = (path: string, dockerfile = '', stdin: string | Buffer = '') =>
    openBuildContext(path, dockerfile, client, Readable.from([Buffer.from(stdin)]));
  const refusal = async (...args: Parameters<typeof open>) =>
    open(...args).then(
      () => 'opened',
      (error: Error) => error.message.replaceAll(folder, '/WD'),
    );

  it('takes a folder with its Dockerfile and ignore file', async () => {
    write('app/Dockerfile');
    write('app/.dockerignore', '*.log\n');

    expect(await open('app')).to.deep.equal({
      context: { kind: 'directory', path: join(folder, 'app'), ignore: '*.log\n' },
      dockerfile: { path: 'Dockerfile' },
    });
  });

  it('finds a Dockerfile in small letters, by name, through a link and outside', async () => {
    write('app/dockerfile');
    write('app/sub/D2');
    write('Other', 'FROM y\n');
    symlinkSync(join(folder, 'app/sub/D2'), join(folder, 'app/link'));

    expect((await open('app')).dockerfile).to.deep.equal({ path: 'dockerfile' });
    expect((await open('app', 'app/sub/D2')).dockerfile).to.deep.equal({ path: 'sub/D2' });
    expect((await open('app', 'app/link')).dockerfile).to.deep.equal({ path: 'sub/D2' });
    expect((await open('app', 'Other')).dockerfile).to.deep.equal({ text: 'FROM y\n', name: 'Other' });
    expect((await open('app', '-', 'FROM z\n')).dockerfile).to.deep.equal({
      text: 'FROM z\n',
      name: 'Dockerfile',
    });
  });

  it('reads an ignore file that Windows PowerShell wrote', async () => {
    write('Dockerfile');
    write('.dockerignore', Buffer.from('\ufeff*.log\r\n', 'utf16le'));

    expect((await open('.')).context).to.deep.include({ ignore: '*.log\r\n' });
  });

  it('wraps a Dockerfile from stdin', async () => {
    const { context, dockerfile } = await open('-', '', 'FROM x\n');

    expect(dockerfile).to.deep.equal({ path: 'Dockerfile' });
    const tar = await buffer((context as { stream: Readable }).stream);
    expect(tar.length).to.equal(2048);
    expect(tar.subarray(0, 10).toString()).to.equal('Dockerfile');
    expect(tar.subarray(512, 519).toString()).to.equal('FROM x\n');
  });

  it('takes archives from stdin, packed or not', async () => {
    const tar = pack();
    tar.entry({ name: 'a/Dockerfile' }, 'FROM x\n');
    tar.finalize();
    const plain = await buffer(tar);

    const packed = [
      gzipSync(plain),
      zstdCompressSync(plain),
      compressBy('bzip2', plain),
      compressBy('xz', plain),
    ];
    for (const bytes of [plain, ...packed]) {
      const source = await open('-', 'a\\Dockerfile', bytes);
      expect(source.dockerfile).to.deep.equal({ path: 'a/Dockerfile' });
      expect((await readContextDockerfile(source)).bytes.toString()).to.equal('FROM x\n');

      const { context } = await open('-', 'a\\Dockerfile', bytes);
      expect(await buffer((context as { stream: Readable }).stream)).to.deep.equal(bytes);
    }
  });

  it('explains what it cannot use', async () => {
    write('file');
    mkdirSync(join(folder, 'empty'));

    expect(await refusal('nope')).to.equal('unable to prepare context: path "nope" not found');
    expect(await refusal('file')).to.equal(
      'unable to prepare context: context must be a directory: /WD/file',
    );
    expect(await refusal('empty')).to.equal(
      'unable to prepare context: unable to evaluate symlinks in Dockerfile path: lstat /WD/empty/Dockerfile: no such file or directory',
    );
    expect(await refusal('empty', 'x/y')).to.equal(
      'unable to prepare context: unable to evaluate symlinks in Dockerfile path: lstat /WD/x/y: no such file or directory',
    );
    expect(await refusal('-', '-')).to.equal(
      "invalid argument: can't use stdin for both build context and dockerfile",
    );
    expect(await refusal('-', 'name', 'FROM x\n')).to.equal(
      'unable to prepare context: ambiguous Dockerfile source: both stdin and flag correspond to Dockerfiles',
    );
    expect(await refusal('https://example.com/x.git')).to.equal(
      'unable to prepare context: unable to download remote context https://example.com/x.git: remote contexts are not available',
    );
  });
});
