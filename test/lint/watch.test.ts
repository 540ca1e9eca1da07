import { expect } from 'chai';
import {
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { watchAndLint } from '../../src/lint/watch.ts';

/** A watch whose passes are written down instead of made. */
class Scene {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), 'porthole-watch-')));
  readonly passes: string[] = [];
  readonly said: string[] = [];
  interrupt: () => void = () => undefined;
  ended: Promise<number> = Promise.resolve(-1);
  #waiting: (() => void) | undefined;

  /** Starts, and waits for the first pass. */
  async start(names: readonly string[], config?: string): Promise<void> {
    this.ended = watchAndLint({
      names,
      cwd: this.folder,
      recursive: process.platform === 'win32',
      config,
      personal: { home: join(this.folder, 'home'), config: undefined, variables: {} },
      pass: async (only) => {
        const files = only === undefined ? 'all' : [...only].map((path) => relative(this.folder, path));
        this.passes.push(String(files));
        return 0;
      },
      say: (line) => {
        this.said.push(line);
        this.#waiting?.();
      },
      onSignal: (listener) => {
        this.interrupt = () => listener('SIGINT');
        return () => (this.interrupt = () => expect.fail('still listens'));
      },
      errorText: (name, error) => `${name}: ${(error as Error).message}`,
    });
    await this.told(() => this.said.length > 0);
  }

  async told(enough: () => boolean): Promise<void> {
    while (!enough()) await new Promise<void>((done) => (this.#waiting = done));
  }

  /** Does something and waits for the pass that it causes. */
  async change(work: () => void): Promise<void> {
    const before = this.said.length;
    work();
    await this.told(() => this.said.length > before);
  }

  write(name: string, text = 'FROM scratch\n'): void {
    writeFileSync(join(this.folder, name), text);
  }
}

describe('lint --watch', () => {
  let scene: Scene;
  beforeEach(() => (scene = new Scene()));
  afterEach(() => rmSync(scene.folder, { recursive: true, force: true }));

  it('lints all, then what changes, and ends with 0 on a signal', async () => {
    mkdirSync(join(scene.folder, 'sub'));
    scene.write('sub/Dockerfile');
    await scene.start(['.']);
    await scene.change(() => scene.write('sub/Dockerfile', 'FROM a\n'));
    await scene.change(() => {
      scene.write('sub/new.tmp');
      renameSync(join(scene.folder, 'sub/new.tmp'), join(scene.folder, 'sub/b.Dockerfile'));
    });
    scene.interrupt();

    expect(await scene.ended).to.equal(0);
    expect(scene.passes).to.deep.equal(['all', 'sub/Dockerfile', 'sub/b.Dockerfile']);
    expect(scene.said[0]).to.equal('Watching for changes; Ctrl-C ends.');
    expect(() => scene.interrupt()).to.throw('still listens');
  });

  it('lints all when settings change', async () => {
    scene.write('Dockerfile');
    await scene.start(['Dockerfile']);
    for (const name of ['.porthole-lint.yaml', '.hadolint.yaml', '.dockerignore', '.portholeignore']) {
      await scene.change(() => scene.write(name, ''));
    }
    scene.interrupt();
    await scene.ended;

    expect(scene.passes).to.deep.equal(['all', 'all', 'all', 'all', 'all']);
  });

  it('finds Dockerfiles in folders that come later', async () => {
    await scene.start(['.']);
    await scene.change(() => {
      mkdirSync(join(scene.folder, 'a/b'), { recursive: true });
      scene.write('a/b/Dockerfile');
    });
    await scene.change(() => scene.write('a/b/c.Dockerfile'));
    scene.interrupt();
    await scene.ended;

    expect(scene.passes.join(' ')).to.include('a/b/Dockerfile').and.to.include('a/b/c.Dockerfile');
  });

  it('watches a file by any name, and a configuration that was named', async () => {
    scene.write('build.txt');
    mkdirSync(join(scene.folder, 'etc'));
    scene.write('etc/lint.yaml', '');
    await scene.start(['build.txt'], 'etc/lint.yaml');
    await scene.change(() => scene.write('build.txt', 'FROM b\n'));
    await scene.change(() => scene.write('etc/lint.yaml', 'strict: true\n'));
    scene.interrupt();
    await scene.ended;

    expect(scene.passes).to.deep.equal(['all', 'build.txt', 'all']);
  });

  it('notices settings that come or change above what is watched, and personal ones', async () => {
    mkdirSync(join(scene.folder, 'a/b/c'), { recursive: true });
    mkdirSync(join(scene.folder, 'home/.config'), { recursive: true });
    scene.write('a/b/c/Dockerfile');
    await scene.start(['a/b/c']);
    await scene.change(() => scene.write('a/.porthole-lint.yaml', ''));
    await scene.change(() => scene.write('a/.porthole-lint.yaml', 'strict: true\n'));
    await scene.change(() => rmSync(join(scene.folder, 'a/.porthole-lint.yaml')));
    await scene.change(() => scene.write('a/b/.portholeignore', ''));
    await scene.change(() => scene.write('.gitignore', ''));
    await scene.change(() => scene.write('home/.config/hadolint.yaml', ''));
    scene.interrupt();
    await scene.ended;

    expect(scene.passes).to.deep.equal(new Array(7).fill('all'));
  });

  it('passes over what lies above or beside and is no setting', async () => {
    mkdirSync(join(scene.folder, 'a'));
    scene.write('a/app');
    await scene.start(['a/app']);
    scene.write('Dockerfile');
    scene.write('a/log.txt');
    await scene.change(() => scene.write('a/app', 'FROM a\n'));
    scene.interrupt();
    await scene.ended;

    expect(scene.passes).to.deep.equal(['all', 'a/app']);
  });

  it('watches the file that a link leads to', async () => {
    mkdirSync(join(scene.folder, 'real'));
    scene.write('real/file');
    mkdirSync(join(scene.folder, 'a'));
    symlinkSync('../real/file', join(scene.folder, 'a/Dockerfile'));
    await scene.start(['a/Dockerfile']);
    await scene.change(() => scene.write('real/file', 'FROM b\n'));
    scene.interrupt();
    await scene.ended;

    expect(scene.passes).to.deep.equal(['all', 'a/Dockerfile']);
  });

  it('follows a link that is made to lead elsewhere', async () => {
    for (const name of ['one', 'two', 'links', 'a']) mkdirSync(join(scene.folder, name));
    scene.write('one/file');
    scene.write('two/file');
    const link = (to: string, name: string): void => {
      symlinkSync(to, join(scene.folder, `${name}.new`));
      renameSync(join(scene.folder, `${name}.new`), join(scene.folder, name));
    };
    link('../one/file', 'links/current');
    link('../links/current', 'a/Dockerfile');
    await scene.start(['a/Dockerfile']);
    await scene.change(() => link('../two/file', 'links/current'));
    await scene.change(() => scene.write('two/file', 'FROM b\n'));
    await scene.change(() => link('../one/file', 'a/Dockerfile'));
    scene.interrupt();
    await scene.ended;

    expect(scene.passes).to.deep.equal(['all', 'a/Dockerfile', 'a/Dockerfile', 'a/Dockerfile']);
  });

  it('waits for links that lead in a circle to be mended', async () => {
    symlinkSync('b', join(scene.folder, 'a'));
    symlinkSync('a', join(scene.folder, 'b'));
    await scene.start(['a']);
    await scene.change(() => {
      scene.write('c');
      renameSync(join(scene.folder, 'c'), join(scene.folder, 'b'));
    });
    scene.interrupt();
    await scene.ended;

    expect(scene.passes).to.deep.equal(['all', 'a']);
  });

  it('ends with 2 where nothing can be watched', async () => {
    await scene.start(['nowhere/Dockerfile']);

    expect(await scene.ended).to.equal(2);
    expect(scene.said.join()).to.match(/^nowhere\/Dockerfile: /);
  });
});
