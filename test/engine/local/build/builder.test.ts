import { expect } from 'chai';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { createBuildRole } from '../../../../src/engine/local/build/builder.ts';
import type { BuildContext } from '../../../../src/engine/roles/index.ts';
import { PortholeError } from '../../../../src/errors/porthole-error.ts';
import { compressBy } from '../../../support/compressors.ts';
import { GitServer } from '../../../support/git-server.ts';
import { BuildWorld, defaultRequest } from '../../../support/build-deps.ts';

let world: BuildWorld;

beforeEach(() => {
  world = new BuildWorld();
});

afterEach(() => {
  world[Symbol.dispose]();
});

let contexts = 0;

function context(files: Record<string, string>, ignore?: string): BuildContext {
  const path = join(world.folder, `context-${++contexts}`);
  mkdirSync(path);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), content);
  }
  return { kind: 'directory', path, ignore };
}

interface Answer {
  status?: number;
  body: string | Buffer;
  headers?: Record<string, string>;
}

async function serve(answer: (path: string) => Answer): Promise<AsyncDisposable & { address: string }> {
  const server = createServer((request, response) => {
    const { status = 200, body, headers = {} } = answer(request.url ?? '');
    response.writeHead(status, headers).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

async function failure(action: Promise<unknown>): Promise<PortholeError> {
  try {
    await action;
  } catch (error) {
    expect(error).to.be.instanceOf(PortholeError);
    return error as PortholeError;
  }
  return expect.fail('nothing was thrown');
}

describe('build output', () => {
  it('is Docker’s, line for line', async () => {
    world.run = () => ({ stdout: 'hi\r\n', stderr: 'oops\r\n' });

    await world.build({
      dockerfile: 'FROM base:1\nENV A=b\nRUN echo hi\nCOPY <<x C:/\nbody\nx\n',
      tags: ['app', 'app:latest', 'reg.example/app:2'],
    });

    expect(world.normalized).to.equal(
      [
        'Step 1/4 : FROM base:1',
        ' ---> <1>',
        'Step 2/4 : ENV A=b',
        ' ---> Running in <2>',
        ' ---> Removed intermediate container <2>',
        ' ---> <3>',
        'Step 3/4 : RUN echo hi',
        ' ---> Running in <4>',
        'hi\r',
        '\x1b[91moops\r',
        '\x1b[0m ---> Removed intermediate container <4>',
        ' ---> <5>',
        'Step 4/4 : COPY <<x C:/',
        ' ---> <6>',
        'Successfully built <6>',
        'Successfully tagged app:latest',
        'Successfully tagged reg.example/app:2',
        '',
      ].join('\n'),
    );
  });

  it('sends the step line and its line feed apart, the size first and the ID as aux', async () => {
    const image = await world.build({ dockerfile: 'FROM base:1\nUSER a\n' });

    expect(world.messages[0]).to.deep.equal({
      status: 'Sending build context to Docker daemon',
      progressDetail: { current: 1024 },
    });
    expect(world.messages.slice(1, 3)).to.deep.equal([
      { stream: 'Step 1/2 : FROM base:1' },
      { stream: '\n' },
    ]);
    expect(world.messages.at(-2)).to.deep.equal({ aux: { ID: image.id } });
  });

  it('says that the cache is used, and builds nothing again', async () => {
    world.run = () => ({});
    const dockerfile = 'FROM base:1\nRUN one\nENV A=b\nCOPY a C:/a\n';
    const files = context({ a: '1' });
    const first = await world.build({ dockerfile, context: files });

    const second = await world.build({ dockerfile, context: files });

    expect(second.id).to.equal(first.id);
    expect(world.steps).to.have.length(1);
    expect(world.text.match(/ ---> Using cache/g)).to.have.length(3);
    expect(world.text).not.to.contain('Running in');
  });

  it('warns of empty continuation lines, unused arguments and mixed forms', async () => {
    await world.build({
      dockerfile: 'FROM base:1\nENTRYPOINT app \\\n\n  --serve\nCMD ["x"]\n',
      buildArgs: { UNUSED: '1', HTTP_PROXY: 'p' },
    });

    expect(world.text).to.contain(
      '\x1b[91m[WARNING]: Empty continuation line found in: ENTRYPOINT app   --serve\n\x1b[0m' +
        '\x1b[91m[WARNING]: Empty continuation lines will become errors in a future release.\n\x1b[0m',
    );
    expect(world.text).to.contain('[Warning] One or more build-args [UNUSED] were not consumed\n');
    expect(world.text).to.contain(
      '\x1b[91m ---> [Warning] Shell-form ENTRYPOINT and exec-form CMD may have unexpected results\n\x1b[0m',
    );
  });
});

describe('build history and configuration', () => {
  it('has the classic builder’s texts', async () => {
    world.run = () => ({});
    const image = await world.build({
      dockerfile: [
        'ARG TAG=1',
        'FROM base:$TAG',
        'ARG VERSION=2',
        'ENV A="x y" B=$VERSION',
        'LABEL l=$A',
        'MAINTAINER Some One',
        'USER ContainerAdministrator',
        'EXPOSE 443 80/udp',
        'VOLUME C:/data',
        'WORKDIR app',
        'RUN   echo  %A%',
        'RUN ["cmd", "/c", "ver"]',
        'SHELL ["powershell", "-Command"]',
        'CMD Write-Host hi',
        'ENTRYPOINT ["a b", "c"]',
        'HEALTHCHECK --interval=90s --retries=3 CMD exit 0',
        'ONBUILD RUN  x',
      ].join('\n'),
    });

    expect(world.history(image)).to.deep.equal([
      'cmd /S /C #(nop)  ARG VERSION=2',
      'cmd /S /C #(nop)  ENV A=x y B=2',
      'cmd /S /C #(nop)  LABEL l=x y',
      'cmd /S /C #(nop)  MAINTAINER Some One',
      'cmd /S /C #(nop)  USER ContainerAdministrator',
      'cmd /S /C #(nop)  EXPOSE 443 80/udp',
      'cmd /S /C #(nop)  VOLUME [C:/data]',
      'cmd /S /C #(nop) WORKDIR C:\\app',
      '|1 VERSION=2 cmd /S /C echo  %A%',
      '|1 VERSION=2 cmd /c ver',
      'powershell -Command #(nop)  SHELL [powershell -Command]',
      'powershell -Command #(nop)  CMD ["powershell -Command Write-Host hi"]',
      'powershell -Command #(nop)  ENTRYPOINT ["a b" "c"]',
      `powershell -Command #(nop)  HEALTHCHECK &{["CMD-SHELL" "exit 0"] "1m30s" "0s" "0s" "0s" '\\x03'}`,
      'powershell -Command #(nop)  ONBUILD RUN  x',
    ]);
    expect(image.config.config).to.deep.include({
      Env: ['A=x y', 'B=2'],
      Labels: { l: 'x y' },
      User: 'ContainerAdministrator',
      ExposedPorts: { '443/tcp': {}, '80/udp': {} },
      Volumes: { 'C:/data': {} },
      WorkingDir: 'C:\\app',
      Shell: ['powershell', '-Command'],
      Cmd: ['powershell -Command Write-Host hi'],
      Entrypoint: ['a b', 'c'],
      Healthcheck: { Test: ['CMD-SHELL', 'exit 0'], Interval: 90_000_000_000, Retries: 3 },
      OnBuild: ['RUN  x'],
    });
    expect(world.folders(image)).to.deep.equal(['C:\\app']);
  });

  it('runs shell forms unchanged and exec forms as words, without the image’s entry point', async () => {
    world.run = () => ({});

    await world.build({
      dockerfile: 'FROM base:1\nENTRYPOINT ["x"]\nRUN mkdir "C:\\a b"\nRUN ["a", "b c"]\n',
      buildArgs: { http_proxy: 'p' },
      memory: 7,
      isolation: 'process',
    });

    const [shell, exec] = world.steps;
    expect(shell!.config).to.include({ ArgsEscaped: true, Entrypoint: null });
    expect(shell!.config.Cmd).to.deep.equal(['cmd /S /C mkdir "C:\\a b"']);
    expect(shell!.config.Env).to.deep.equal(['http_proxy=p']);
    expect(shell!.config.Healthcheck).to.deep.equal({ Test: ['NONE'] });
    expect(shell!.hostConfig).to.include({ Memory: 7, Isolation: 'process', NetworkMode: 'default' });
    expect(exec!.config.Cmd).to.deep.equal(['a', 'b c']);
    expect(exec!.config.ArgsEscaped).to.equal(undefined);
  });

  it('adds --label to the last stage only, sorted', async () => {
    const image = await world.build({
      dockerfile: 'FROM base:1 AS one\nUSER x\nFROM base:1\nUSER y\n',
      labels: { z: '1', a: '$x' },
    });

    expect(world.text).to.contain('Step 5/6 : LABEL a=$x\n');
    expect(world.history(image)).to.deep.equal([
      'cmd /S /C #(nop)  USER y',
      'cmd /S /C #(nop)  LABEL a=$x',
      'cmd /S /C #(nop)  LABEL z=1',
    ]);
  });

  it('resets an inherited CMD at ENTRYPOINT, unless the stage set one', async () => {
    const reset = await world.build({ dockerfile: 'FROM base:1\nENTRYPOINT ["x"]\n' });
    const kept = await world.build({ dockerfile: 'FROM base:1\nCMD ["y"]\nENTRYPOINT ["x"]\n' });

    expect(reset.config.config!.Cmd).to.equal(null);
    expect(kept.config.config!.Cmd).to.deep.equal(['y']);
  });

  it('replaces variables without regard to case, the newer spelling staying', async () => {
    const image = await world.build({ dockerfile: 'FROM base:1\nENV Path=C:/a\nENV PATH=$pAtH;C:/b x=y\n' });

    expect(image.config.config!.Env).to.deep.equal(['PATH=C:/a;C:/b', 'x=y']);
  });

  it('labels images whose RUN lines ran under Wine, from the cache too', async () => {
    world.backend = 'wine';
    world.run = () => ({});
    const dockerfile = 'FROM base:1\nRUN icacls C:\\ /grant x && echo y\nUSER z\n';

    const first = await world.build({ dockerfile });
    expect(world.text).to.contain(' ---> [Warning] icacls has little effect under Wine');
    const second = await world.build({ dockerfile });

    expect(first.config.config!.Labels).to.deep.equal({ 'io.porthole.built-with': 'wine 8.0' });
    expect(second.id).to.equal(first.id);

    await world.build({ dockerfile, tags: ['app:1'] });
    rmSync(join(world.deps().paths.imageState, 'build-cache'), { recursive: true });
    const shorter = await world.build({
      dockerfile: 'FROM base:1\nRUN icacls C:\\ /grant x && echo y\n',
      cacheFrom: ['app:1'],
    });
    expect(world.text).to.contain(' ---> Using cache');
    expect(shorter.config.config!.Labels).to.deep.equal(first.config.config!.Labels);
  });
});

describe('build stages', () => {
  it('takes names, numbers and images for COPY --from', async () => {
    world.addImage('other:1', {}, { 'C:\\tools\\t.exe': 'tool', 'C:\\Windows\\System32\\x.dll': 'dll' });
    world.run = (command) =>
      command.includes('make') ? { files: { 'C:\\out\\a.txt': 'A', 'C:\\out\\sub\\b.txt': 'B' } } : {};

    const image = await world.build({
      dockerfile: [
        'FROM base:1 AS Build',
        'RUN make',
        'FROM base:1',
        'COPY --from=build C:\\\\out\\\\ C:/app/',
        'COPY --from=0 /OUT/a.txt C:/first.txt',
        'COPY --from=other:1 tools/t.exe C:/Windows/System32/x.dll C:/bin/',
        'COPY --from=build out/*.txt C:/txt/',
      ].join('\n'),
    });

    expect(world.files(image)).to.deep.equal({
      'C:\\app\\a.txt': 'A',
      'C:\\app\\sub\\b.txt': 'B',
      'C:\\first.txt': 'A',
      'C:\\bin\\t.exe': 'tool',
      'C:\\bin\\x.dll': 'dll',
      'C:\\txt\\a.txt': 'A',
    });
  });

  it('builds on an earlier stage with its configuration, and every stage before the target', async () => {
    world.run = () => ({});
    const image = await world.build({
      dockerfile: 'FROM base:1 AS a\nENV X=1\nFROM a AS b\nRUN echo $X\nFROM missing:9\n',
      target: 'B',
    });

    expect(image.config.config!.Env).to.deep.equal(['X=1']);
    expect(world.text).to.contain('Step 4/4 : RUN echo $X');
    expect(world.messages.filter(({ aux }) => aux !== undefined)).to.have.length(2);
  });

  it('runs the base’s triggers right after FROM', async () => {
    world.run = () => ({});
    await world.build({ dockerfile: 'FROM base:1\nONBUILD ENV A=$B\nONBUILD RUN x\n', tags: ['trig:1'] });

    const image = await world.build({ dockerfile: 'FROM trig:1\nUSER u\n' });

    expect(world.text).to.match(/^Step 1\/2 : FROM trig:1\n# Executing 2 build triggers\n ---> Running in /);
    expect(image.config.config!.OnBuild).to.equal(null);
    expect(image.config.config!.Env).to.deep.equal(['A=']);
  });

  it('pulls what is not there, and always with --pull', async () => {
    const id = world.references.get('base:1')!;
    world.remote.set('far:1', id);
    world.remote.set('base:1', id);

    await world.build({ dockerfile: 'FROM far:1\nUSER a\n' });
    await world.build({ dockerfile: 'FROM base:1\nUSER a\n', pull: true });

    expect(world.pulled).to.deep.equal(['far:1', 'base:1']);
  });

  it('sees global arguments in FROM only, and platform arguments where declared', async () => {
    const image = await world.build({
      dockerfile: [
        'ARG V=1',
        'ARG NAME=base:$V',
        'FROM --platform=windows/$TARGETARCH $NAME',
        'ENV A=[$V]',
        'ARG V',
        'ARG TARGETOSVERSION',
        'ENV B=[$V] C=$TARGETOSVERSION D=$TARGETOS',
      ].join('\n'),
      buildArgs: { V: '1' },
    });

    expect(image.config.config!.Env).to.deep.equal(['A=[]', 'B=[1]', 'C=10.0.20348.2227', 'D=']);
  });

  it('puts files into an image from scratch, where nothing can run', async () => {
    const image = await world.build({ dockerfile: 'FROM scratch\nCOPY <<x /dir/\n1\nx\n' });
    const error = await failure(world.build({ dockerfile: 'FROM scratch\nRUN x\n' }));

    expect(world.files(image)).to.deep.equal({ 'C:\\dir\\x': '1\n' });
    expect(error.message).to.equal('Windows does not support FROM scratch');
  });

  it('refuses scratch on Windows itself', async () => {
    world.backend = 'hcs';

    const error = await failure(world.build({ dockerfile: 'FROM scratch\nUSER x\n' }));

    expect(error.message).to.equal('Windows does not support FROM scratch');
  });
});

describe('build COPY and ADD', () => {
  const files = { 'a.txt': 'a', 'dir/b.txt': 'b', 'dir/sub/c.md': 'c', Dockerfile: 'FROM x' };

  it('copies files, folders’ content and patterns to files and folders', async () => {
    const image = await world.build({
      context: context(files),
      dockerfile: [
        'FROM base:1',
        'WORKDIR C:\\\\work',
        'COPY a.txt renamed.txt',
        'COPY a.txt .',
        'COPY dir /all/',
        'COPY dir/*.txt a.txt C:/two/',
        'COPY A.TXT Windows/',
        'ADD ["dir/sub/c.md", "C:/with space/"]',
      ].join('\n'),
    });

    expect(world.files(image)).to.deep.equal({
      'C:\\work\\renamed.txt': 'a',
      'C:\\work\\a.txt': 'a',
      'C:\\all\\b.txt': 'b',
      'C:\\all\\sub\\c.md': 'c',
      'C:\\two\\a.txt': 'a',
      'C:\\two\\b.txt': 'b',
      'C:\\work\\Windows\\A.TXT': 'a',
      'C:\\with space\\c.md': 'c',
    });
  });

  it('leaves out what .dockerignore says', async () => {
    const image = await world.build({
      context: context(files, '**/*.md\nDockerfile\n'),
      dockerfile: 'FROM base:1\nCOPY . C:/x/\n',
    });

    expect(world.files(image)).to.deep.equal({ 'C:\\x\\a.txt': 'a', 'C:\\x\\dir\\b.txt': 'b' });
  });

  it('keys the cache by content and name, not by time', async () => {
    const dockerfile = 'FROM base:1\nCOPY . C:/x/\n';
    const first = await world.build({ context: context({ a: '1' }), dockerfile });
    const same = await world.build({ context: context({ a: '1' }), dockerfile });
    const changed = await world.build({ context: context({ a: '2' }), dockerfile });

    expect(same.id).to.equal(first.id);
    expect(changed.id).not.to.equal(first.id);
    expect(world.history(first)[0]).to.match(/^cmd \/S \/C #\(nop\) COPY dir:[0-9a-f]{64} in C:\\x\\ $/);
  });

  it('keeps links, and follows one that is named', async () => {
    const place = context({ 'd/t.txt': 't' }) as { path: string } & BuildContext;
    symlinkSync('t.txt', join(place.path, 'd/l'));
    const image = await world.build({
      context: place,
      dockerfile: 'FROM base:1\nCOPY d C:/d/\nCOPY d/l C:/plain/\n',
    });

    expect(world.files(image)).to.deep.equal({
      'C:\\d\\l': '-> t.txt',
      'C:\\d\\t.txt': 't',
      'C:\\plain\\l': 't',
    });
  });

  it('gives files to an account', async () => {
    const image = await world.build({
      context: context(files),
      dockerfile: 'FROM base:1\nCOPY --chown=ContainerUser a.txt C:/\n',
    });

    expect(world.owner(image, 'C:\\a.txt')).to.be.a('string');
    expect(world.history(image)[0]).to.match(/COPY --chown=ContainerUser file:[0-9a-f]{64} in C:\\ $/);
  });

  it('expands here-documents, unless quoted', async () => {
    const image = await world.build({
      dockerfile: 'FROM base:1\nENV V=1\nCOPY <<a <<-"b" C:/\nx=$V "q"\na\n\t\ty=$V\n\tb\n',
    });

    expect(world.files(image)).to.deep.equal({ 'C:\\a': 'x=1 "q"\n', 'C:\\b': 'y=$V\n' });
  });

  const refused: [line: string, message: string][] = [
    [
      'COPY nope C:/',
      'COPY failed: file not found in build context or excluded by .dockerignore: stat nope: file does not exist',
    ],
    [
      'COPY dir/nope C:/',
      'COPY failed: file not found in build context or excluded by .dockerignore: stat dir\\nope: file does not exist',
    ],
    ['COPY *.none C:/', 'COPY failed: no source files were specified'],
    [
      'COPY a.txt dir C:/x',
      'When using COPY with more than one source file, the destination must be a directory and end with a /',
    ],
    ['COPY a.txt D:/', 'invalid COPY: Windows does not support destinations not on the system drive (C:)'],
    ['COPY https://example.com/a C:/', "COPY failed: source can't be a URL for COPY"],
    ['COPY --from=7 a C:/', 'COPY failed: invalid from flag value 7: index out of bounds'],
    ['COPY --from=0 a C:/', 'COPY failed: invalid from flag value 0: refers to current build stage'],
    ['COPY --from=base:1 / C:/x/', 'COPY failed: copy from c:\\ or c:\\windows is not allowed on windows'],
    ['COPY --from=base:1 nope C:/', 'COPY failed: stat nope: file does not exist'],
    [
      'COPY --chmod=755 a.txt C:/',
      'the --chmod option requires BuildKit. Refer to https://docs.docker.com/go/buildkit/ to learn how to build images with BuildKit enabled',
    ],
    [
      'COPY --link a.txt C:/',
      'the --link option requires BuildKit. Refer to https://docs.docker.com/go/buildkit/ to learn how to build images with BuildKit enabled',
    ],
    ['COPY --chown=nobody a.txt C:/', 'unable to map container user account name to SID: nobody'],
    [
      'COPY ../x C:/',
      'COPY failed: failed to resolve scoped path ..\\x (): it leads out of its root. Possible cause is a forbidden path outside the build context',
    ],
    ['COPY https://example.com/a.git C:/', "COPY failed: source can't be a URL for COPY"],
    [
      'ADD --keep-git-dir a.txt C:/',
      'ADD failed: the --keep-git-dir option requires BuildKit. Refer to https://docs.docker.com/go/buildkit/ to learn how to build images with BuildKit enabled',
    ],
    [
      'ADD git@-oProxyCommand=x:a/b C:/',
      'ADD failed: invalid address of a repository: git@-oProxyCommand=x:a/b',
    ],
    ['ADD https://example.com/a.git#-x C:/', 'ADD failed: invalid refspec: -x'],
    [
      'ADD ext::sh C:/',
      'ADD failed: file not found in build context or excluded by .dockerignore: stat ext::sh: file does not exist',
    ],
  ];
  for (const [line, message] of refused) {
    it(`refuses ${line}`, async () => {
      const error = await failure(
        world.build({ context: context(files), dockerfile: `FROM base:1\n${line}\n` }),
      );

      expect(error.message).to.equal(message);
    });
  }
});

describe('build ADD', () => {
  async function archive(
    files: Record<string, string | Buffer>,
    finish: (bytes: Buffer) => Buffer,
  ): Promise<Buffer> {
    const packer = pack();
    for (const [name, content] of Object.entries(files)) {
      if (typeof content === 'string' && content.startsWith('->'))
        packer.entry({ name, type: 'symlink', linkname: content.slice(2) });
      else packer.entry({ name, mtime: new Date(0) }, content);
    }
    packer.finalize();
    return finish(await buffer(packer));
  }

  function contextOf(files: Record<string, Buffer>): BuildContext {
    const made = context({}) as { path: string } & BuildContext;
    for (const [name, bytes] of Object.entries(files)) writeFileSync(join(made.path, name), bytes);
    return made;
  }

  it('unpacks tar, gzip and zstd by content, never a plain compressed file', async () => {
    const files = { 'x/a.txt': 'A', link: '->x/a.txt' };
    const image = await world.build({
      context: contextOf({
        'one.bin': await archive(files, (bytes) => bytes),
        'two.tgz': await archive(files, (bytes) => gzipSync(bytes)),
        'three.zst': await archive(files, (bytes) => zstdCompressSync(bytes)),
        'four.bz2': await archive(files, (bytes) => compressBy('bzip2', bytes)),
        'five.xz': await archive(files, (bytes) => compressBy('xz', bytes)),
        'plain.gz': gzipSync('text'),
        'plain.bz2': compressBy('bzip2', Buffer.from('text')),
      }),
      dockerfile:
        'FROM base:1\nADD one.bin /1\nADD two.tgz C:/2/\nADD three.zst /3\nADD four.bz2 /3b\nADD five.xz /3c\nADD plain.gz plain.bz2 C:/4/\nCOPY two.tgz /5/\n',
    });

    const found = world.files(image);
    expect(Object.keys(found).sort()).to.deep.equal([
      'C:\\1\\link',
      'C:\\1\\x\\a.txt',
      'C:\\2\\link',
      'C:\\2\\x\\a.txt',
      'C:\\3\\link',
      'C:\\3\\x\\a.txt',
      'C:\\3b\\link',
      'C:\\3b\\x\\a.txt',
      'C:\\3c\\link',
      'C:\\3c\\x\\a.txt',
      'C:\\4\\plain.bz2',
      'C:\\4\\plain.gz',
      'C:\\5\\two.tgz',
    ]);
    expect(found['C:\\3\\link']).to.equal('-> x\\a.txt');
  });

  it('refuses archives that it cannot inflate, and those that lead out of the image', async () => {
    const outside = await archive({ '../evil': 'x' }, (bytes) => bytes);
    const xz = readFileSync(join(import.meta.dirname, '../../../../fixtures/archives/sha256.tar.xz'));
    const gzip = gzipSync(await archive({ a: randomBytes(5000) }, (bytes) => bytes)).subarray(0, -1000);

    const first = await failure(
      world.build({ context: contextOf({ a: xz }), dockerfile: 'FROM base:1\nADD a /x\n' }),
    );
    const second = await failure(
      world.build({ context: contextOf({ a: outside }), dockerfile: 'FROM base:1\nADD a /x\n' }),
    );

    const third = await failure(
      world.build({ context: contextOf({ a: gzip }), dockerfile: 'FROM base:1\nADD a /x\n' }),
    );

    expect(first.message).to.equal(
      'failed to copy files: xz: it uses a filter or a checksum other than LZMA2, CRC32 and CRC64',
    );
    expect(third.message).to.equal('failed to copy files: failed to read archive: unexpected end of file');
    expect(second.message).to.equal(
      'failed to copy files: failed to read archive: "../evil" leads out of the archive',
    );
  });

  it('adds a repository, or a folder of it, without .git unless that is asked for', async () => {
    await using server = await GitServer.start();
    const tree = server.newTree('work');
    server.commit(tree, { 'a.txt': '1', 'sub/b.txt': '2' });
    server.publish(tree, 'app');
    world.env = server.env;
    const address = `${server.address}/git/app.git`;

    const dockerfile = `FROM base:1\nADD ${address} C:/all/\nADD ${address}#trunk:sub C:/sub\n`;
    const image = await world.build({ dockerfile });
    const again = await world.build({ dockerfile });
    const whole = await world.build({ dockerfile: `FROM base:1\nADD --keep-git-dir ${address} C:/all/\n` });

    expect(world.files(image)).to.deep.equal({
      'C:\\all\\a.txt': '1',
      'C:\\all\\sub\\b.txt': '2',
      'C:\\sub\\b.txt': '2',
    });
    expect(again).to.equal(image);
    expect(world.files(whole)).to.include.keys('C:\\all\\.git\\HEAD', 'C:\\all\\a.txt');
  });

  it('checks a download by its digest', async () => {
    await using server = await serve(() => ({ body: 'content' }));
    const digest = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`;
    const add = async (line: string): Promise<Record<string, string>> =>
      world.files(await world.build({ dockerfile: `FROM base:1\n${line}\n` }));
    const file = `${server.address}/file`;

    expect(await add(`ADD --checksum=${digest('content')} ${file} C:/`)).to.deep.equal({
      'C:\\file': 'content',
    });
    const refused: [string, string][] = [
      [`--checksum=${digest('other')} ${file}`, `digest mismatch ${digest('content')}: ${digest('other')}`],
      [`--checksum=md5:1 ${file}`, 'invalid checksum digest format'],
      [`--checksum=${digest('x')} a.txt`, 'checksum requires HTTP(S) or Git sources'],
      [`--checksum=${digest('x')} ${file} ${file}`, "checksum can't be specified for multiple sources"],
    ];
    for (const [args, message] of refused)
      expect((await failure(add(`ADD ${args} C:/`))).message).to.equal(`ADD failed: ${message}`);
  });

  it('downloads an address, names the file and never unpacks it', async () => {
    const tgz = await archive({ a: '1' }, (bytes) => gzipSync(bytes));
    await using server = await serve((path) => {
      if (path === '/d/file%20one.tgz') return { body: tgz };
      if (path === '/named/')
        return { body: 'n', headers: { 'content-disposition': 'attachment; filename="n.txt"' } };
      if (path === '/bare/') return { body: 'b' };
      return { status: 404, body: ' gone \n' };
    });
    const address = server.address;

    const image = await world.build({
      dockerfile: `FROM base:1\nADD ${address}/d/file%20one.tgz C:/x/\nADD ${address}/named/ C:/x/\nADD ${address}/bare/ C:/y\n`,
    });
    const again = await world.build({ dockerfile: `FROM base:1\nADD ${address}/d/file%20one.tgz C:/x/\n` });
    const missing = await failure(world.build({ dockerfile: `FROM base:1\nADD ${address}/no C:/x/\n` }));
    const nameless = await failure(world.build({ dockerfile: `FROM base:1\nADD ${address}/bare/ C:/x/\n` }));

    expect(Object.keys(world.files(image)).sort()).to.deep.equal([
      'C:\\x\\file one.tgz',
      'C:\\x\\n.txt',
      'C:\\y',
    ]);
    expect(again.layerIds[0]).to.equal(image.layerIds.at(-2));
    expect(missing.message).to.equal(
      `ADD failed: failed to GET ${address}/no with status 404 Not Found: gone`,
    );
    expect(nameless.message).to.equal(`ADD failed: cannot determine filename for source ${address}/bare/`);
  });
});

describe('build contexts that are archives', () => {
  async function tar(files: Record<string, string>): Promise<BuildContext> {
    const packer = pack();
    for (const [name, content] of Object.entries(files)) packer.entry({ name }, content);
    packer.finalize();
    return { kind: 'tar', stream: packer as unknown as Readable };
  }
  it('hold the Dockerfile, whatever its case, and files', async () => {
    const { imageId } = await createBuildRole(world.deps()).build(
      { ...defaultRequest, dockerfile: { path: 'Dockerfile' } },
      await tar({
        './dockerfile': 'FROM base:1\nCOPY . C:/c/\n',
        'a/b.txt': 'b',
        '.dockerignore': '.dockerignore\n',
      }),
    );

    expect(world.files(world.images.get(imageId)!)).to.deep.equal({
      'C:\\c\\a\\b.txt': 'b',
      'C:\\c\\dockerfile': 'FROM base:1\nCOPY . C:/c/\n',
    });
  });

  it('tell how many bytes they were', async () => {
    const sizes: unknown[] = [];
    await createBuildRole(world.deps()).build(
      { ...defaultRequest, dockerfile: { path: 'Dockerfile' } },
      await tar({ Dockerfile: 'FROM base:1\nUSER x\n' }),
      { onProgress: ({ progressDetail }) => progressDetail && sizes.push(progressDetail.current) },
    );

    expect(sizes).to.deep.equal([2048]);
  });

  it('are refused without a Dockerfile, and when they are no archives', async () => {
    const build = (stream: BuildContext) =>
      createBuildRole(world.deps()).build(
        { ...defaultRequest, dockerfile: { path: 'x/Dockerfile' } },
        stream,
      );

    const missing = await failure(build(await tar({ a: '1' })));
    const damaged = await failure(build({ kind: 'tar', stream: Readable.from([Buffer.alloc(2000, 'x')]) }));

    expect(missing.message).to.equal('Cannot locate specified Dockerfile: x/Dockerfile');
    expect(damaged).to.include({ kind: 'invalid', code: 'ARCHIVE_INVALID' });
  });
});

describe('build RUN', () => {
  it('fails with the command’s code, its container kept', async () => {
    world.run = () => ({ exitCode: 3, stdout: 'x' });

    const error = await failure(world.build({ dockerfile: 'FROM base:1\nRUN exit 3\n' }));

    expect(error).to.include({
      kind: 'invalid',
      message: "The command 'cmd /S /C exit 3' returned a non-zero code: 3",
      exitCode: 3,
    });
    expect(world.removed).to.deep.equal([]);
  });

  it('removes the container of a failed step with --force-rm, keeps those of good ones with --rm=false', async () => {
    world.run = (command) => ({ exitCode: command.includes('bad') ? 1 : 0 });

    await failure(world.build({ dockerfile: 'FROM base:1\nRUN bad\n', forceRemove: true }));
    expect(world.removed).to.have.length(1);
    await world.build({ dockerfile: 'FROM base:1\nRUN good\n', remove: false });

    expect(world.removed).to.have.length(1);
    expect(world.text).not.to.contain('Removed');
  });

  it('does not use the cache after the first miss of a stage', async () => {
    world.run = () => ({});
    await world.build({ dockerfile: 'FROM base:1\nRUN one\nRUN two\n' });
    await world.build({ dockerfile: 'FROM base:1\nRUN zero\nRUN two\n' });
    await world.build({ dockerfile: 'FROM base:1\nRUN one\nRUN two\n', noCache: true });

    expect(world.steps.map(({ config }) => config.Cmd![0])).to.deep.equal(
      ['one', 'two', 'zero', 'two', 'one', 'two'].map((name) => `cmd /S /C ${name}`),
    );
  });

  it('gives here-documents to the shell', async () => {
    world.run = () => ({});

    await world.build({
      dockerfile:
        'FROM base:1\nRUN <<EOF\nrem x\necho one\nif 1==1 (\n  echo two\n)\nEOF\nRUN <<-X\n\techo $y\nX\n',
    });

    expect(world.steps.map(({ config }) => config.Cmd![0])).to.deep.equal([
      'cmd /S /C echo one && if 1==1 ( echo two )',
      'cmd /S /C echo $y',
    ]);
    expect(world.text).to.contain('the lines of the here-document are joined with &&');
  });

  it('refuses options of BuildKit, and here-documents that are input', async () => {
    const mount = await failure(
      world.build({ dockerfile: 'FROM base:1\nRUN --mount=type=cache,target=C:/c x\n' }),
    );
    const input = await failure(world.build({ dockerfile: 'FROM base:1\nRUN findstr x <<E\nx\nE\n' }));

    expect(mount.message).to.match(/^the --mount option requires BuildKit\. Refer to https:\/\/docs/);
    expect(input.message).to.equal('here-documents of RUN on Windows must be the whole command');
  });

  it('is cancelled by its signal', async () => {
    const controller = new AbortController();
    world.run = () => {
      controller.abort();
      return {};
    };
    const text: string[] = [];

    const error = await failure(
      createBuildRole(world.deps()).build(
        { ...defaultRequest, dockerfile: { text: 'FROM base:1\nRUN x\n', name: 'Dockerfile' } },
        context({}),
        { signal: controller.signal, onProgress: ({ stream }) => text.push(stream ?? '') },
      ),
    );

    expect(error).to.include({ kind: 'cancelled', message: 'Build cancelled' });
    expect(text.at(-1)).to.equal('Build cancelled\n');
  });
});

describe('build errors', () => {
  const cases: [dockerfile: string, message: string][] = [
    ['', 'the Dockerfile (Dockerfile) cannot be empty'],
    ['# only\n', 'failed to parse Dockerfile: file with no instructions'],
    [
      'FROM base:1\nRUNN x\n',
      'dockerfile parse error on line 2: unknown instruction: RUNN (did you mean RUN?)',
    ],
    ['FROM base:1\nENV a\n', 'failed to parse Dockerfile: ENV must have two arguments'],
    ['RUN x\n', 'no build stage in current context'],
    ['ARG A\nFROM $A\n', 'base name ($A) should not be blank'],
    ['FROM base:1 AS a\nFROM base:1 AS A\n', 'a stage name already used'],
    ['FROM base:1\nSTOPSIGNAL 9\n', 'The daemon on this platform does not support the command stopsignal'],
    ['FROM base:1\nEXPOSE x\n', 'invalid containerPort: x'],
    [
      'FROM base:1\nWORKDIR C:\n',
      "C:. is not a directory. If you are specifying a drive letter, please add a trailing '\\'",
    ],
    [
      'FROM base:1\nENV a="x\n',
      'failed to process "\\"x": unexpected end of statement while looking for matching double-quote',
    ],
    ['FROM --platform=linux/amd64 base:1\n', 'operating system is not supported'],
    ['FROM nowhere:1\n', 'pull access denied for nowhere:1'],
  ];
  for (const [dockerfile, message] of cases) {
    it(`says ${message}`, async () => {
      const error = await failure(world.build({ dockerfile }));

      expect(error.message).to.equal(message);
    });
  }

  it('names the place in its hint', async () => {
    const error = await failure(world.build({ dockerfile: 'FROM base:1\n\n  RUNN echo hi\n' }));

    expect(error.hint).to.equal('Dockerfile:3:3: RUNN echo hi');
  });

  it('refuses images of another system', async () => {
    world.addImage('linux:1', {}, {}, 'linux');

    const error = await failure(world.build({ dockerfile: 'FROM linux:1\n' }));

    expect(error.message).to.equal('operating system is not supported');
  });

  it('refuses a target that no stage has', async () => {
    const error = await failure(world.build({ dockerfile: 'FROM base:1 AS build\n', target: 'biuld' }));

    expect(error.message).to.equal('target stage "biuld" could not be found (did you mean build?)');
  });
});
