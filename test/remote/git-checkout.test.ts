import { expect } from 'chai';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { checkOut } from '../../src/remote/git-checkout.ts';
import type { CheckoutOptions } from '../../src/remote/git-checkout.ts';
import { GitServer } from '../support/git-server.ts';
import { rejection } from '../support/rejection.ts';

describe('remote/git-checkout', () => {
  let server: GitServer;
  let parents = 0;
  let first = '';

  before(async () => {
    server = await GitServer.start();
    const tree = server.newTree('work');
    first = server.commit(tree, {
      Dockerfile: 'FROM one\n',
      'sub/a.txt': 'a',
      link: '-> sub',
      out: '-> /etc',
    });
    server.git(tree, 'tag', 'v1');
    server.commit(tree, { Dockerfile: 'FROM two\n' });
    server.git(tree, 'checkout', '--quiet', '-b', 'side', 'v1');
    server.commit(tree, { Dockerfile: 'FROM side\n' });
    server.git(tree, 'checkout', '--quiet', 'trunk');
    server.publish(tree, 'app');
    const lib = server.newTree('lib-work');
    const commit = server.commit(lib, { 'lib.txt': 'of the library' });
    server.publish(lib, 'lib');
    for (const [name, url] of [
      ['with-lib', '../lib.git'],
      ['with-local-lib', join(server.folder, 'lib.git')],
      ['with-program', `ext::touch ${join(server.folder, 'harmed')}`],
    ] as const) {
      const outer = server.newTree(`${name}-work`);
      server.git(outer, 'update-index', '--add', '--cacheinfo', `160000,${commit},lib`);
      writeFileSync(join(outer, '.gitmodules'), `[submodule "lib"]\n\tpath = lib\n\turl = ${url}\n`);
      server.git(outer, 'add', '.gitmodules');
      server.git(outer, 'commit', '--quiet', '-m', 'x');
      server.publish(outer, name);
    }
  });
  after(() => server[Symbol.asyncDispose]());

  function newParent(): string {
    parents += 1;
    const parent = join(server.folder, `parent-${parents}`);
    mkdirSync(parent);
    return parent;
  }

  const open = async (address: string, options: Partial<CheckoutOptions> = {}): Promise<[string, string]> => {
    const parent = newParent();
    const folder = await checkOut(address, parent, {
      platform: 'linux',
      env: server.env,
      keepGitDir: false,
      ...options,
    });
    return [folder, relative(join(parent, 'repository'), folder)];
  };
  const dockerfile = async (address: string): Promise<string> =>
    readFileSync(join((await open(address))[0], 'Dockerfile'), 'utf8');

  for (const way of ['git', 'dumb']) {
    const app = (): string => `${server.address}/${way}/app.git`;

    it(`checks out what a repository calls its own, a branch, a tag (${way})`, async () => {
      expect(await dockerfile(app())).to.equal('FROM two\n');
      expect(await dockerfile(`${app()}#side`)).to.equal('FROM side\n');
      expect(await dockerfile(`${app()}#v1`)).to.equal('FROM one\n');
    });
  }

  it('checks out a commit', async () => {
    expect(await dockerfile(`${server.address}/git/app.git#${first}`)).to.equal('FROM one\n');
  });

  it('fetches one commit, and leaves .git out unless it is wanted', async () => {
    const [folder] = await open(`${server.address}/git/app.git`);
    const [whole] = await open(`${server.address}/git/app.git`, { keepGitDir: true });

    expect(readdirSync(folder).sort()).to.deep.equal(['Dockerfile', 'link', 'out', 'sub']);
    expect(server.git(whole, 'rev-list', '--count', 'HEAD')).to.equal('1');
  });

  it('gives a folder of the repository, through links too', async () => {
    expect((await open(`${server.address}/git/app.git#:sub`))[1]).to.equal('sub');
    expect((await open(`${server.address}/git/app.git#trunk:link`))[1]).to.equal('sub');
  });

  it('brings submodules', async () => {
    const [folder] = await open(`${server.address}/git/with-lib.git`);

    expect(readFileSync(join(folder, 'lib/lib.txt'), 'utf8')).to.equal('of the library');
  });

  it('is not led astray by the environment of a hook', async () => {
    const env = { ...server.env, GIT_DIR: '/nowhere', GIT_WORK_TREE: '/nowhere', GIT_INDEX_FILE: '/nowhere' };

    expect(
      existsSync(join((await open(`${server.address}/git/app.git`, { env }))[0], 'Dockerfile')),
    ).to.equal(true);
  });

  const refused: [string, string, RegExp][] = [
    ['a repository that is not there', '/git/nope.git', /^error fetching: .*not found.*: exit status 128$/s],
    ['a branch that is not there', '/git/app.git#nope', /^error fetching: .*nope.*: exit status 128$/s],
    ['an option for a branch', '/git/app.git#-v', /^invalid refspec: -v$/],
    [
      'a folder outside',
      '/git/app.git#:../..',
      /^error setting git context, "\.\.\/\.\." not within git root$/,
    ],
    [
      'a folder that a link leads out of',
      '/git/app.git#:out',
      /^error setting git context, "out" not within git root$/,
    ],
    ['a folder that is not there', '/git/app.git#:nope', /^stat nope: no such file or directory$/],
    [
      'a file for a folder',
      '/git/app.git#:Dockerfile',
      /^error setting git context, not a directory: Dockerfile$/,
    ],
    [
      'a submodule on this host',
      '/git/with-local-lib.git',
      /^error initializing submodules: .*transport 'file' not allowed/s,
    ],
    [
      'a submodule that runs a program',
      '/git/with-program.git',
      /^error initializing submodules: .*transport 'ext' not allowed/s,
    ],
  ];
  for (const [what, path, message] of refused) {
    it(`refuses ${what}`, async () => {
      const error = await rejection(open(server.address + path));

      expect(error).to.include({ kind: 'invalid', code: 'GIT_CHECKOUT' });
      expect(error.message).to.match(message);
      expect(existsSync(join(server.folder, 'harmed'))).to.equal(false);
    });
  }

  it('says that there is no git', async () => {
    const env = { ...server.env, PATH: join(server.folder, 'nothing') };

    expect(await rejection(open(`${server.address}/git/app.git`, { env }))).to.include({
      code: 'GIT_NOT_FOUND',
      message: `unable to find 'git': exec: "git": executable file not found in $PATH`,
    });
  });

  it('stops when it is told to', async () => {
    const reason = new Error('enough');

    expect(
      await rejection(open(`${server.address}/git/app.git`, { signal: AbortSignal.abort(reason) })),
    ).to.equal(reason);
  });
});
