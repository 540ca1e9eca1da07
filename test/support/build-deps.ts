/**
 * A build's surroundings in memory: images, layers as path tables, RUN lines that a test scripts. Strict: a RUN line without
 * a script fails.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { ImageConfigSection, ProgressMessage } from '../../src/api/types/index.ts';
import { createBuildRole } from '../../src/engine/local/build/builder.ts';
import type { BuildDeps } from '../../src/engine/local/build/deps.ts';
import type { StepRequest } from '../../src/engine/local/containers/step.ts';
import type { CommitRequest } from '../../src/engine/local/images/commit.ts';
import type { ResolvedImage } from '../../src/engine/local/images/resolve.ts';
import type { BuildContext, BuildRequest } from '../../src/engine/roles/index.ts';
import { PortholeError } from '../../src/errors/porthole-error.ts';
import type { ComputeHost } from '../../src/host/ports/compute.ts';
import type { LayerStore } from '../../src/host/ports/layers.ts';
import type { HistoryEntry } from '../../src/image/config.ts';
import type { ComposeEntry } from '../../src/layer/compose-entry.ts';
import { dataPaths } from '../../src/state/paths.ts';

interface StoredFile {
  path: string;
  type: 'file' | 'directory' | 'symlink';
  content: string;
  target?: string;
  owner?: string;
}

type Files = Map<string, StoredFile>;

export interface RunScript {
  exitCode?: number;
  stdout?: string;
  stderr?: string;
  /** Windows path -> content. */
  files?: Record<string, string>;
}

export interface BuiltImage extends ResolvedImage {
  readonly parent: string | undefined;
  readonly createdBy: string;
}

export class BuildWorld {
  env: Readonly<Record<string, string | undefined>> = {};
  readonly folder = mkdtempSync(join(tmpdir(), 'porthole-build-'));
  readonly images = new Map<string, BuiltImage>();
  readonly references = new Map<string, string>();
  readonly layers = new Map<string, Files>();
  /** References that a registry would have: pulling makes them local. */
  readonly remote = new Map<string, string>();
  readonly pulled: string[] = [];
  readonly steps: StepRequest[] = [];
  readonly removed: string[] = [];
  readonly messages: ProgressMessage[] = [];
  backend: ComputeHost['backend'] = 'memory';
  run: (command: string, request: StepRequest) => RunScript | undefined = () => undefined;
  #ids = 0;

  constructor() {
    this.addImage(
      'base:1',
      { Cmd: ['c:\\windows\\system32\\cmd.exe'] },
      { 'C:\\Windows\\System32\\cmd.exe': 'cmd' },
    );
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  addImage(
    reference: string,
    config: ImageConfigSection,
    files: Record<string, string>,
    os = 'windows',
  ): string {
    const layerId = this.#newLayer(
      [],
      Object.entries(files).map(([path, content]) => fileAt(path, content)),
    );
    const id = `sha256:${digest(`${reference}${JSON.stringify(config)}`)}`;
    this.images.set(id, this.#image(id, undefined, config, [layerId], '', [], os));
    this.references.set(reference, id);
    return id;
  }

  /** Text of everything the build said, colours kept. */
  get text(): string {
    return this.messages.map((message) => message.stream ?? '').join('');
  }

  /** The same with IDs of images and containers replaced by their order of appearance. */
  get normalized(): string {
    const seen = new Map<string, string>();
    return this.text.replace(/\b[0-9a-f]{12}\b/g, (id) => {
      if (!seen.has(id)) seen.set(id, `<${seen.size + 1}>`);
      return seen.get(id)!;
    });
  }

  async build(
    options: { dockerfile: string; context?: BuildContext } & Partial<Omit<BuildRequest, 'dockerfile'>>,
  ): Promise<BuiltImage> {
    const { dockerfile, context, ...rest } = options;
    this.messages.length = 0;
    const role = createBuildRole(this.deps());
    const { imageId } = await role.build(
      { ...defaultRequest, ...rest, dockerfile: { text: dockerfile, name: 'Dockerfile' } },
      context ?? { kind: 'directory', path: mkdtempSync(join(this.folder, 'empty-')), ignore: undefined },
      { onProgress: (message) => this.messages.push(message) },
    );
    return this.images.get(imageId)!;
  }

  /** Paths of files (not folders) that an image adds to the base, with their contents. */
  files(image: ResolvedImage): Record<string, string> {
    const found: Record<string, string> = {};
    for (const file of this.#merged(image.layerIds).values()) {
      if (file.type === 'file' && !file.path.startsWith('C:\\Windows')) found[file.path] = file.content;
      if (file.type === 'symlink') found[file.path] = `-> ${file.target}`;
    }
    return found;
  }

  folders(image: ResolvedImage): string[] {
    return [...this.#merged(image.layerIds).values()]
      .filter(({ type, path }) => type === 'directory' && !path.startsWith('C:\\Windows'))
      .map(({ path }) => path)
      .sort();
  }

  owner(image: ResolvedImage, path: string): string | undefined {
    return this.#merged(image.layerIds).get(path.toUpperCase())?.owner;
  }

  history(image: ResolvedImage): string[] {
    return (image.config.history ?? []).map(({ created_by }) => created_by ?? '');
  }

  deps(): BuildDeps {
    return {
      environment: {
        env: this.env,
        platform: 'linux',
        arch: 'x64',
        now: () => 1_700_000_000_000,
        newId: () => this.#newId(),
      },
      paths: dataPaths(join(this.folder, 'data')),
      host: async () => ({ layers: this.#layerStore(), compute: this.#compute() }),
      resolveImage: async (name) => this.#resolve(name),
      requireUnpacked: async () => undefined,
      commitImage: (request) => this.#commit(request),
      runStep: (request) => this.#runStep(request),
      pull: async (reference) => {
        this.pulled.push(reference);
        const id = this.remote.get(reference);
        if (id === undefined) {
          throw new PortholeError('notFound', 'IMAGE_NOT_FOUND', `pull access denied for ${reference}`);
        }
        this.references.set(reference, id);
        this.messages.push({ status: `Status: Downloaded newer image for ${reference}` });
      },
      tag: async (source, target) => {
        this.references.set(target, source);
      },
    };
  }

  #newId(): string {
    this.#ids += 1;
    return digest(`container ${this.#ids}`);
  }

  #resolve(name: string): BuiltImage {
    const id = this.images.has(name) ? name : this.references.get(name);
    const image = id === undefined ? undefined : this.images.get(id);
    if (!image) throw new PortholeError('notFound', 'IMAGE_NOT_FOUND', `No such image: ${name}`);
    return image;
  }

  async #commit(request: CommitRequest): Promise<BuiltImage> {
    const parent = request.parent === undefined ? undefined : this.images.get(request.parent)!;
    const layerIds = [...(parent?.layerIds ?? [])];
    if (request.layer) {
      const entries = JSON.parse((await buffer(request.layer)).toString()) as StoredFile[];
      layerIds.unshift(this.#newLayer(layerIds, entries));
    }
    if (request.adopt)
      layerIds.unshift(this.images.get(request.adopt.image)!.layerIds.at(-1 - request.adopt.index)!);
    const history = [
      ...(parent?.config.history ?? []),
      {
        created_by: request.history.createdBy,
        ...(request.layer || request.adopt ? {} : { empty_layer: true }),
      },
    ];
    const id = `sha256:${digest(JSON.stringify([request.parent, request.config, history, layerIds]))}`;
    const config = request.config ?? parent?.config.config ?? {};
    const image = this.#image(
      id,
      request.parent,
      config,
      layerIds,
      request.history.createdBy,
      history,
      'windows',
    );
    this.images.set(id, image);
    return image;
  }

  #image(
    id: string,
    parent: string | undefined,
    config: ImageConfigSection,
    layerIds: readonly string[],
    createdBy: string,
    history: readonly HistoryEntry[],
    os: string,
  ): BuiltImage {
    return {
      id,
      parent,
      createdBy,
      layerIds,
      manifestDigest: id,
      repoTags: [],
      config: {
        architecture: 'amd64',
        os,
        'os.version': '10.0.20348.2227',
        config,
        history,
        rootfs: { type: 'layers', diff_ids: layerIds.map((layer) => `sha256:${layer}`).reverse() },
      },
    };
  }

  #newLayer(parents: readonly string[], entries: readonly StoredFile[]): string {
    const id = digest(JSON.stringify([parents, entries]));
    const files: Files = new Map();
    for (const entry of entries) {
      const names = entry.path.split('\\');
      for (let count = 2; count < names.length; count++) {
        const path = names.slice(0, count).join('\\');
        if (!files.has(path.toUpperCase()))
          files.set(path.toUpperCase(), { path, type: 'directory', content: '' });
      }
      files.set(entry.path.toUpperCase(), entry);
    }
    this.layers.set(id, files);
    return id;
  }

  #merged(layerIds: readonly string[]): Files {
    const merged: Files = new Map();
    for (const id of [...layerIds].reverse())
      for (const [key, file] of this.layers.get(id)!) merged.set(key, file);
    return merged;
  }

  /** What a chain whose topmost layer is `key` holds: fakes know the chain from the images. */
  #filesOf(key: string): Files {
    const image = [...this.images.values()].find(({ layerIds }) => layerIds[0] === key);
    return this.#merged(image!.layerIds);
  }

  #compute(): BuildDepsCompute {
    const host: ComputeHost = {
      osVersion: '10.0.20348.2227',
      sku: 'server',
      hypervAvailable: false,
      processIsolationAvailable: true,
      backend: this.backend,
      description: this.backend === 'wine' ? 'Wine 8.0 on Debian' : 'memory',
      limits: { memory: true, cpu: true },
    };
    return { host: async () => host } as BuildDepsCompute;
  }

  #layerStore(): LayerStore {
    const store: Partial<LayerStore> = {
      compose: async (_parents, entries) => Readable.from([JSON.stringify(await storedFiles(entries))]),
      stat: async (key, path) => {
        const file = this.#filesOf(key).get(path.replace(/\\+$/, '').toUpperCase());
        if (path === 'C:\\') return { path, type: 'directory', size: 0 };
        return file && { path: file.path, type: file.type, size: file.content.length };
      },
      readTree: (key, path) => this.#readTree(key, path),
    };
    return store as LayerStore;
  }

  async *#readTree(key: string, windowsPath: string): ReturnType<LayerStore['readTree']> {
    const root = windowsPath.replace(/\\+$/, '');
    const files = [...this.#filesOf(key).values()].sort((one, other) => (one.path < other.path ? -1 : 1));
    const wanted = files.filter(({ path }) =>
      `${path}\\`.toUpperCase().startsWith(`${root}\\`.toUpperCase()),
    );
    if (wanted.length === 0 && root !== 'C:') {
      throw new PortholeError('notFound', 'LAYER_PATH_NOT_FOUND', `${windowsPath}: not found`);
    }
    if (root === 'C:')
      yield { path: '', type: 'directory', size: 0, metadata: plain, open: () => Readable.from([]) };
    for (const file of wanted) {
      const bytes = Buffer.from(file.content);
      yield {
        path: file.path.slice(root.length + 1).replaceAll('\\', '/'),
        type: file.type,
        size: bytes.length,
        metadata: plain,
        ...(file.target === undefined ? {} : { target: file.target }),
        open: () => Readable.from([bytes]),
      };
    }
  }

  async #runStep(request: StepRequest): ReturnType<BuildDeps['runStep']> {
    const command = (request.config.Cmd ?? []).join(' ');
    const script = this.run(command, request);
    if (!script) throw new Error(`no script for ${command}`);
    this.steps.push(request);
    const containerId = this.#newId();
    request.onCreated?.(containerId);
    request.signal?.throwIfAborted();
    if (script.stdout !== undefined) request.onOutput('stdout', Buffer.from(script.stdout));
    if (script.stderr !== undefined) request.onOutput('stderr', Buffer.from(script.stderr));
    const changes = Object.entries(script.files ?? {}).map(([path, content]) => fileAt(path, content));
    return {
      containerId,
      exitCode: script.exitCode ?? 0,
      diff: async () => Readable.from([JSON.stringify(changes)]),
      remove: async () => {
        this.removed.push(containerId);
      },
    };
  }
}

type BuildDepsCompute = Awaited<ReturnType<BuildDeps['host']>>['compute'];

const plain = { attributes: 0x20, modified: '0' };

export const defaultRequest: Omit<BuildRequest, 'dockerfile'> = {
  tags: [],
  buildArgs: {},
  labels: {},
  target: '',
  noCache: false,
  pull: false,
  remove: true,
  forceRemove: false,
  platform: '',
  isolation: '',
  networkMode: 'default',
  memory: 0,
  cpuShares: 0,
  cpuQuota: 0,
  cpuPeriod: 0,
  cacheFrom: [],
  extraHosts: [],
  shmSize: 0,
  squash: false,
};

function fileAt(path: string, content: string): StoredFile {
  return { path, type: 'file', content };
}

async function storedFiles(
  entries: Iterable<ComposeEntry> | AsyncIterable<ComposeEntry>,
): Promise<StoredFile[]> {
  const files: StoredFile[] = [];
  for await (const entry of entries) {
    const path = entry.path.startsWith('C:') ? entry.path : `C:${entry.path}`;
    if (entry.type === 'directory') files.push({ path, type: 'directory', content: '' });
    if (entry.type === 'symlink') files.push({ path, type: 'symlink', content: '', target: entry.target });
    if (entry.type !== 'file') continue;
    const owner = entry.metadata?.securityDescriptor;
    files.push({
      path,
      type: 'file',
      content: await contentOf(entry),
      ...(owner === undefined ? {} : { owner }),
    });
  }
  return files;
}

async function contentOf(entry: Extract<ComposeEntry, { type: 'file' }>): Promise<string> {
  const { content } = entry;
  if ('bytes' in content) return Buffer.from(content.bytes).toString();
  if ('open' in content) return (await buffer(content.open())).toString();
  return (await import('node:fs')).readFileSync(content.hostPath, 'utf8');
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
