import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findDockerfiles, isDockerfileName } from '../../src/lint/find-files.ts';

function hasGit(): boolean {
  try {
    execFileSync('git', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe('finding Dockerfiles', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'porthole-find-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const write = (...paths: string[]): void => {
    for (const path of paths) {
      const [name = '', text = 'FROM scratch\n'] = path.split(' = ');
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
  };

  const yes = [
    'Dockerfile',
    'dockerfile',
    'Dockerfile.win',
    'app.Dockerfile',
    'Containerfile',
    'x.containerfile',
  ];
  const no = [
    'Dockerfile.dockerignore',
    'Dockerfile~',
    'Dockerfile.md',
    'Dockerfiles',
    'MyDockerfile',
    'dockerfile.ts',
  ];
  for (const name of yes) it(`takes ${name}`, () => expect(isDockerfileName(name)).to.equal(true));
  for (const name of no) it(`leaves ${name}`, () => expect(isDockerfileName(name)).to.equal(false));

  it('walks folders in order, a folder’s files first', async () => {
    write('b/Dockerfile', 'a/z/Dockerfile', 'a/Dockerfile', 'z.Dockerfile', 'node_modules/x/Dockerfile');
    symlinkSync(join(folder, 'a'), join(folder, 'link'));
    symlinkSync(join(folder, 'nowhere'), join(folder, 'Dockerfile.broken'));

    expect(await findDockerfiles(folder, '.')).to.deep.equal([
      'z.Dockerfile',
      'a/Dockerfile',
      'a/z/Dockerfile',
      'b/Dockerfile',
    ]);
  });

  it('asks no .portholeignore above the folder, however that is written', async () => {
    write('.portholeignore = *\n', 'in/sub/Dockerfile');

    for (const named of [join(folder, 'in'), `${folder}/in/`, `${folder}//in`, `${folder}/in/sub/..`])
      expect(await findDockerfiles(named, '.'), named).to.deep.equal(['sub/Dockerfile']);
  });

  it('leaves out what .portholeignore names; the deepest file decides', async () => {
    write(
      '.portholeignore = vendor/\n*.win\n',
      'sub/.portholeignore = !Dockerfile.win\n/Dockerfile\n',
      ...['vendor/Dockerfile', 'Dockerfile', 'Dockerfile.win', 'sub/Dockerfile', 'sub/Dockerfile.win'],
      'sub/deep/Dockerfile',
    );

    expect(await findDockerfiles(folder, 'x')).to.deep.equal([
      'x/Dockerfile',
      'x/sub/Dockerfile.win',
      'x/sub/deep/Dockerfile',
    ]);
  });

  const git = hasGit() ? describe : describe.skip;
  git(`in a git work tree${hasGit() ? '' : ' (skipped: git is not installed)'}`, () => {
    const run = (...args: string[]): void => {
      execFileSync('git', ['-C', folder, '-c', 'user.name=a', '-c', 'user.email=a@b', ...args], {
        stdio: 'ignore',
      });
    };

    it('leaves out what git ignores and finds new files and tracked ones', async () => {
      write(
        '.gitignore = out/\n*.local\n',
        'Dockerfile',
        'out/Dockerfile',
        'b/Dockerfile.local',
        'b/Dockerfile',
      );
      write('kept/Dockerfile', 'gone/Dockerfile', 'a b/ü.Dockerfile');
      run('init', '-q');
      run('add', '-f', 'kept/Dockerfile', 'gone/Dockerfile', 'b/Dockerfile.local');
      rmSync(join(folder, 'gone'), { recursive: true });

      expect(await findDockerfiles(folder, '.')).to.deep.equal([
        'Dockerfile',
        'a b/ü.Dockerfile',
        'b/Dockerfile',
        'b/Dockerfile.local',
        'kept/Dockerfile',
      ]);
      expect(await findDockerfiles(join(folder, 'b'), 'b')).to.deep.equal([
        'b/Dockerfile',
        'b/Dockerfile.local',
      ]);
    });

    it('obeys .portholeignore of the folders above, up to the top of the work tree', async () => {
      write('.portholeignore = old\n', 'sub/old/Dockerfile', 'sub/Dockerfile');
      run('init', '-q');

      expect(await findDockerfiles(join(folder, 'sub'), 'sub')).to.deep.equal(['sub/Dockerfile']);
    });

    it('searches a folder that is ignored itself when it is named', async () => {
      write('.gitignore = out/\n', 'out/Dockerfile');
      run('init', '-q');

      expect(await findDockerfiles(join(folder, 'out'), 'out')).to.deep.equal(['out/Dockerfile']);
    });

    it('walks when what looks like a work tree is none', async () => {
      write('.git/nothing', 'Dockerfile');

      expect(await findDockerfiles(folder, '.')).to.deep.equal(['Dockerfile']);
    });
  });
});
