import { expect } from 'chai';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createBuildRole } from '../../../../src/engine/local/build/builder.ts';
import type { BuildDeps } from '../../../../src/engine/local/build/deps.ts';
import { commitImage } from '../../../../src/engine/local/images/commit.ts';
import { resolveImage } from '../../../../src/engine/local/images/resolve.ts';
import { requireUnpacked } from '../../../../src/engine/local/images/unpack.ts';
import type { BuildRequest } from '../../../../src/engine/roles/index.ts';
import { baseImageLayers, baseOsVersion } from '../../../support/base-image.ts';
import { defaultRequest } from '../../../support/build-deps.ts';
import { ImageStore } from '../../../support/image-store.ts';

/** A build on the real stores; RUN lines leave one file that holds their command. */
class StoreBuild {
  readonly store = new ImageStore();
  readonly text: string[] = [];
  #ids = 0;

  async base(): Promise<void> {
    const [tar] = baseImageLayers('nanoserver');
    await commitImage(this.store.deps, {
      layer: Readable.from([tar!]),
      config: { Cmd: ['c:\\windows\\system32\\cmd.exe'], User: 'ContainerUser' },
      history: { createdBy: 'base' },
      platform: { os: 'windows', architecture: 'amd64', osVersion: baseOsVersion },
      tags: ['base:1'],
    });
  }

  async build(
    dockerfile: string,
    files: Record<string, string>,
    request: Partial<BuildRequest> = {},
  ): Promise<string> {
    const path = join(this.store.root, `context-${++this.#ids}`);
    mkdirSync(path, { recursive: true });
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(join(path, name, '..'), { recursive: true });
      writeFileSync(join(path, name), content);
    }
    const { imageId } = await createBuildRole(this.#deps()).build(
      { ...defaultRequest, ...request, dockerfile: { text: dockerfile, name: 'Dockerfile' } },
      { kind: 'directory', path, ignore: undefined },
      { onProgress: ({ stream }) => this.text.push(stream ?? '') },
    );
    return imageId;
  }

  /** Forgets what was built here, as another machine that has only pulled the images. */
  forgetSteps(): void {
    rmSync(join(this.store.deps.paths.imageState, 'build-cache'), { recursive: true });
  }

  /** Text of a file that a container of the image would see. */
  async read(imageId: string, path: string): Promise<string | undefined> {
    const { layerIds } = await resolveImage(this.store.deps, imageId);
    const entry = await this.store.layers.stat(layerIds[0]!, path);
    if (entry?.type !== 'file') return undefined;
    for await (const found of this.store.layers.readTree(layerIds[0]!, path)) {
      const chunks: Buffer[] = [];
      for await (const chunk of found.open() as AsyncIterable<Buffer>) chunks.push(chunk);
      return Buffer.concat(chunks).toString();
    }
    return undefined;
  }

  #deps(): BuildDeps {
    const { deps, images, layers } = this.store;
    return {
      environment: {
        platform: 'linux',
        arch: 'x64',
        now: deps.environment.now,
        env: {},
        newId: () => this.#newId(),
      },
      paths: deps.paths,
      host: deps.host,
      resolveImage: (name) => resolveImage(deps, name),
      requireUnpacked: (id, signal) => requireUnpacked(deps, id, signal),
      commitImage: (request) => commitImage(deps, request),
      pull: (reference, options) => images.pull(reference, options),
      tag: (source, target) => images.tag(source, target),
      runStep: async (request) => {
        const containerId = this.#newId();
        request.onCreated?.(containerId);
        const bytes = Buffer.from(request.config.Cmd!.join(' '));
        return {
          containerId,
          exitCode: 0,
          diff: () =>
            layers.compose(
              request.base.layerIds,
              [{ type: 'file', path: 'C:\\ran.txt', size: bytes.length, content: { bytes } }],
              { now: 0 },
            ),
          remove: async () => undefined,
        };
      },
    };
  }

  #newId(): string {
    return String(++this.#ids).padStart(64, '0');
  }
}

describe('build on the layer and image stores', () => {
  let world: StoreBuild;

  beforeEach(async () => {
    world = new StoreBuild();
    await world.base();
  });

  afterEach(() => {
    world.store[Symbol.dispose]();
  });

  it('makes images whose layers hold what the steps did', async () => {
    const id = await world.build(
      [
        '# escape=`',
        'FROM base:1 AS tools',
        'RUN make tools',
        'FROM base:1',
        'WORKDIR C:\\app',
        'COPY a.txt dir .\\',
        'COPY a.txt C:\\windows\\system32\\A.txt',
        'COPY --from=tools C:\\ran.txt C:\\windows\\system32\\porthole-base.txt tools\\',
        'RUN second',
        'CMD ["cmd"]',
      ].join('\n'),
      { 'a.txt': 'A', 'dir/b.txt': 'B' },
      { tags: ['app:1'] },
    );

    const image = await resolveImage(world.store.deps, 'app:1');
    expect(image.id).to.equal(id);
    expect(await world.read(id, 'C:\\app\\a.txt')).to.equal('A');
    expect(await world.read(id, 'C:\\APP\\B.TXT')).to.equal('B');
    expect(await world.read(id, 'C:\\Windows\\System32\\a.txt')).to.equal('A');
    expect(await world.read(id, 'C:\\app\\tools\\ran.txt')).to.equal('cmd /S /C make tools');
    expect(await world.read(id, 'C:\\app\\tools\\porthole-base.txt')).to.equal(
      `nanoserver ${baseOsVersion}\r\n`,
    );
    expect(await world.read(id, 'C:\\ran.txt')).to.equal('cmd /S /C second');
    expect(image.config.config).to.include({ WorkingDir: 'C:\\app', User: 'ContainerUser' });
    const filled = image.config.history!.filter(({ empty_layer }) => empty_layer !== true);
    expect(filled).to.have.length(image.layerIds.length);
  });

  it('inspects as Docker’s images do: parent, container configuration, history', async () => {
    const id = await world.build('FROM base:1\nENV A=b\n', {});

    const inspected = await world.store.images.inspect(id);
    const base = await resolveImage(world.store.deps, 'base:1');
    expect(inspected.Parent).to.equal(base.id);
    expect(inspected.Config?.Env).to.deep.equal(['A=b']);
    expect((await world.store.images.history(id))[0]!.CreatedBy).to.equal('cmd /S /C #(nop)  ENV A=b');
  });

  it('finds its steps again in a later build, until their image is removed', async () => {
    const dockerfile = 'FROM base:1\nRUN one\nCOPY a C:/\n';
    const first = await world.build(dockerfile, { a: '1' });
    world.text.length = 0;
    const second = await world.build(dockerfile, { a: '1' });
    expect(world.text.filter((text) => text === ' ---> Using cache\n')).to.have.length(2);

    await world.store.images.remove(second, { force: true });
    const third = await world.build(dockerfile, { a: '1' });

    expect(second).to.equal(first);
    expect(await world.read(third, 'C:\\a')).to.equal('1');
  });

  describe('--cache-from', () => {
    const dockerfile = 'FROM base:1\nRUN one\nENV A=b\nCOPY a C:/\nCOPY b C:/\n';
    const cached = (): number => world.text.filter((text) => text === ' ---> Using cache\n').length;
    let image: string;

    beforeEach(async () => {
      image = await world.build(dockerfile, { a: '1', b: '1' }, { tags: ['app:1'] });
      world.forgetSteps();
      world.text.length = 0;
    });

    it('takes every step from an image that was made of the same ones', async () => {
      expect(await world.build(dockerfile, { a: '1', b: '1' }, { cacheFrom: ['app:1'] })).to.equal(image);
      expect(cached()).to.equal(4);
    });

    it('takes the steps before the first that differs', async () => {
      const id = await world.build(dockerfile, { a: '1', b: '2' }, { cacheFrom: ['app:1'] });

      expect(cached()).to.equal(3);
      expect(await world.read(id, 'C:\\b')).to.equal('2');
      expect(await world.read(id, 'C:\\ran.txt')).to.equal('cmd /S /C one');
      const [one, two] = [
        await resolveImage(world.store.deps, image),
        await resolveImage(world.store.deps, id),
      ];
      expect(two.layerIds.slice(1)).to.deep.equal(one.layerIds.slice(1));
      expect(two.config.history!.slice(0, -1)).to.deep.equal(one.config.history!.slice(0, -1));
      expect((await world.store.images.inspect(id)).Config?.Cmd).to.deep.equal([
        'c:\\windows\\system32\\cmd.exe',
      ]);
    });

    it('gives an image that ends earlier the settings of its own last step', async () => {
      const shorter = 'FROM base:1\nRUN one\nENV A=b\n';
      const id = await world.build(shorter, {}, { cacheFrom: ['app:1'] });

      expect(cached()).to.equal(2);
      const { Config: config } = await world.store.images.inspect(id);
      expect(config).to.deep.include({ Cmd: ['c:\\windows\\system32\\cmd.exe'], Env: ['A=b'] });
    });

    it('counts nothing but the named images', async () => {
      await world.build(dockerfile, { a: '1', b: '1' });
      await world.build('FROM base:1\nENV OTHER=1\n', {}, { tags: ['other:1'] });
      world.text.length = 0;

      await world.build(dockerfile, { a: '1', b: '1' }, { cacheFrom: ['other:1'] });

      expect(cached()).to.equal(0);
    });

    it('leaves out images that are not there, and says so', async () => {
      await world.build(dockerfile, { a: '1', b: '1' }, { cacheFrom: ['nope:1', 'app:1'] });

      expect(cached()).to.equal(4);
      expect(world.text.join('')).to.include(
        '[Warning] --cache-from nope:1 is left out: No such image: nope:1\n',
      );
    });
  });

  it('builds from scratch', async () => {
    const id = await world.build('FROM scratch\nCOPY a C:/x/\nCMD ["a"]\n', { a: '1' });

    expect(await world.read(id, 'C:\\x\\a')).to.equal('1');
  });

  it('leaves nothing behind when a step fails', async () => {
    let message = '';
    try {
      await world.build('FROM base:1\nCOPY a C:/x/\nCOPY missing C:/\n', { a: '1' });
    } catch (error) {
      message = (error as Error).message;
    }

    expect(message).to.contain('file not found in build context');
    expect(readdirSync(world.store.paths.ingest)).to.deep.equal([]);
    expect(readFileSync(join(world.store.paths.oci, 'oci-layout'), 'utf8')).to.contain('imageLayoutVersion');
  });
});
