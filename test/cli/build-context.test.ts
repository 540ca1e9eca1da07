import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { expect } from 'chai';
import { pack } from 'tar-stream';
import { openBuildContext } from '../../src/cli/build-context.ts';
import type { ContextSource } from '../../src/cli/build-context.ts';
import { readContextDockerfile } from '../../src/cli/context-dockerfile.ts';
import type { Client } from '../../src/cli/requests/client.ts';
import { compressBy } from '../support/compressors.ts';
import { GitServer } from '../support/git-server.ts';
import { rejection } from '../support/rejection.ts';

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
  });

  describe('from elsewhere', () => {
    let git: GitServer;
    let plain: Buffer;
    before(async () => {
      git = await GitServer.start();
      const tree = git.newTree('work');
      git.commit(tree, {
        Dockerfile: 'FROM x\n',
        '.dockerignore': '*.log\n',
        'sub/dockerfile': 'FROM y\n',
        'sub/out': '-> ../Dockerfile',
      });
      git.publish(tree, 'app');
      const tar = pack();
      tar.entry({ name: 'Dockerfile' }, 'FROM a\n');
      tar.entry({ name: 'sub/D' }, 'FROM b\n');
      tar.finalize();
      plain = await buffer(tar);
      writeFileSync(join(git.folder, 'c.tar'), plain);
      writeFileSync(join(git.folder, 'c.tgz'), gzipSync(plain));
      writeFileSync(join(git.folder, 'c.txz'), compressBy('xz', plain));
      writeFileSync(join(git.folder, 'text'), 'FROM t\n');
    });
    after(() => git[Symbol.asyncDispose]());

    const from = async (path: string, dockerfile = '', stdin = ''): Promise<ContextSource> => {
      client = { ...client, env: git.env };
      return open(path.replace('A/', `${git.address}/`), dockerfile, stdin);
    };
    const textOf = async (...args: Parameters<typeof from>): Promise<string> => {
      const source = await from(...args);
      try {
        return (await readContextDockerfile(source)).bytes.toString();
      } finally {
        await source.dispose?.();
      }
    };

    const taken: [string, string, string, string][] = [
      ['A/dumb/c.tar', '', '', 'FROM a\n'],
      ['A/dumb/c.tgz', 'sub\\D', '', 'FROM b\n'],
      ['A/dumb/c.txz', 'sub/D', '', 'FROM b\n'],
      ['A/dumb/c.tar', '-', 'FROM s\n', 'FROM s\n'],
      ['A/dumb/text', '', '', 'FROM t\n'],
      ['A/git/app.git', '', '', 'FROM x\n'],
      ['A/git/app.git', 'sub/dockerfile', '', 'FROM y\n'],
      ['A/git/app.git#trunk:sub', '', '', 'FROM y\n'],
      ['A/git/app.git', '-', 'FROM s\n', 'FROM s\n'],
    ];
    for (const [path, dockerfile, stdin, expected] of taken) {
      it(`takes ${path}${dockerfile === '' ? '' : ` with -f ${dockerfile}`}`, async () => {
        expect(await textOf(path, dockerfile, stdin)).to.equal(expected);
      });
    }

    it('gives the folder of a repository with its ignore file, and takes it away again', async () => {
      const { context, dockerfile, dispose } = await from('A/git/app.git');

      expect(context).to.deep.include({ kind: 'directory', ignore: '*.log\n' });
      const { path } = context as { path: string };
      expect(readdirSync(path).sort()).to.deep.equal(['.dockerignore', 'Dockerfile', 'sub']);
      expect(dockerfile).to.deep.equal({ path: 'Dockerfile' });
      await dispose!();
      expect(existsSync(path)).to.equal(false);
    });

    it('says what is downloaded, without its password', async () => {
      const said: string[] = [];
      const address = `${git.address.replace('//', '//me:secret@')}/dumb/text`;
      const { dispose } = await openBuildContext(address, '', client, Readable.from([]), {
        announce: (text) => said.push(text),
      });
      await dispose!();

      expect(said).to.deep.equal([
        `Downloading build context from remote url: ${address.replace('me:secret', 'xxxxx')}\n`,
      ]);
    });

    const refused: [string, string, RegExp][] = [
      [
        'A/dumb/none',
        '',
        /^unable to download remote context A\/dumb\/none: failed to GET A\/dumb\/none with status 404 Not Found: $/,
      ],
      ['A/dumb/text', 'name', /^ambiguous Dockerfile source: both stdin and flag correspond to Dockerfiles$/],
      ['A/dumb/text', '-', /^build context is not an archive$/],
      [
        'A/git/none.git',
        '',
        /^unable to 'git clone' to temporary context directory: error fetching: .*: exit status 128$/s,
      ],
      ['A/git/app.git#:sub', 'out', /^the Dockerfile \(out\) must be within the build context$/],
      ['A/git/app.git', '/etc/passwd', /^the Dockerfile \(\/etc\/passwd\) must be within the build context$/],
      [
        'A/git/app.git',
        'none',
        /^unable to evaluate symlinks in Dockerfile path: lstat none: no such file or directory$/,
      ],
      [
        'git@-oProxyCommand=x:y',
        '',
        /^unable to 'git clone' to temporary context directory: invalid address of a repository: /,
      ],
      [
        'github.com/a/b#-x',
        '',
        /^unable to 'git clone' to temporary context directory: invalid refspec: -x$/,
      ],
      ['ext::sh -c x', '', /^path "ext::sh -c x" not found$/],
      ['file:///x.git', '', /^path "file:\/\/\/x.git" not found$/],
    ];
    for (const [path, dockerfile, message] of refused) {
      it(`refuses ${path}${dockerfile === '' ? '' : ` with -f ${dockerfile}`}`, async () => {
        const error = await rejection(from(path, dockerfile, 'FROM s\n'));

        const [, text] = error.message
          .replaceAll(`${git.address}/`, 'A/')
          .split(/^unable to prepare context: /);
        expect(text).to.match(message);
      });
    }

    it('prefers a folder of that name', async () => {
      write('github.com/a/Dockerfile');

      expect((await open('github.com/a')).context).to.deep.include({ kind: 'directory' });
    });
  });
});
