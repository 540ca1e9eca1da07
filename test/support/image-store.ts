/** An images role on a temporary data root with the Linux layer store, and a host that answers what a test says. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProgressMessage } from '../../src/api/types/index.ts';
import type { ImageDeps, ImageEvent, ImageUser } from '../../src/engine/local/images/deps.ts';
import { createImagesRole } from '../../src/engine/local/images/images.ts';
import type { ImagesRole } from '../../src/engine/roles/index.ts';
import { createLinuxLayers } from '../../src/host/linux/layers.ts';
import type { ComputeHost, ComputePort } from '../../src/host/ports/compute.ts';
import type { LayerStore } from '../../src/host/ports/layers.ts';
import { dataPaths } from '../../src/state/paths.ts';
import type { DataPaths } from '../../src/state/paths.ts';

export interface ImageStoreOptions {
  readonly osVersion?: string;
  readonly backend?: ComputeHost['backend'];
  /** Reuse a root of an earlier store (another process, as it were). */
  readonly root?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly layers?: (store: LayerStore) => LayerStore;
}

export class ImageStore implements Disposable {
  readonly root: string;
  readonly paths: DataPaths;
  readonly layers: LayerStore;
  readonly deps: ImageDeps;
  readonly images: ImagesRole;
  readonly events: ImageEvent[] = [];
  readonly messages: ProgressMessage[] = [];
  users: ImageUser[] = [];
  /** Milliseconds since the epoch. */
  now = Date.parse('2024-06-01T12:00:00Z');

  constructor(options: ImageStoreOptions = {}) {
    this.root = options.root ?? mkdtempSync(join(tmpdir(), 'porthole-images-'));
    this.paths = dataPaths(this.root);
    const layers = createLinuxLayers({ paths: this.paths });
    this.layers = options.layers?.(layers) ?? layers;
    const compute = { host: async () => hostOf(options) } as ComputePort;
    this.deps = {
      environment: {
        platform: 'linux',
        arch: 'x64',
        env: options.env ?? {},
        now: () => this.now,
        dataRoot: this.root,
      },
      paths: this.paths,
      host: async () => ({ layers: this.layers, compute }),
      users: async () => this.users,
      emit: (event) => void this.events.push(event),
    };
    this.images = createImagesRole(this.deps);
  }

  /** Pulls and gives the messages as a client without a terminal shows them. */
  async pull(reference: string, options: Parameters<ImagesRole['pull']>[1] = {}): Promise<string[]> {
    const from = this.messages.length;
    await this.images.pull(reference, { onProgress: (message) => this.messages.push(message), ...options });
    return shown(this.messages.slice(from));
  }

  async push(reference: string, options: Parameters<ImagesRole['push']>[1] = {}): Promise<string[]> {
    const from = this.messages.length;
    await this.images.push(reference, { onProgress: (message) => this.messages.push(message), ...options });
    return shown(this.messages.slice(from));
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

export function shown(messages: readonly ProgressMessage[]): string[] {
  return messages
    .filter((message) => message.status !== undefined && message.progressDetail?.total === undefined)
    .map((message) => (message.id === undefined ? message.status! : `${message.id}: ${message.status}`));
}

export async function failure(
  work: Promise<unknown>,
): Promise<Error & { code?: string; kind?: string; hint?: string }> {
  try {
    await work;
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}

function hostOf(options: ImageStoreOptions): ComputeHost {
  const backend = options.backend ?? 'wine';
  return {
    osVersion: options.osVersion ?? '10.0.20348.2402',
    sku: 'server',
    hypervAvailable: backend !== 'wine',
    processIsolationAvailable: true,
    backend,
    description: 'a test',
    limits: { memory: false, cpu: false },
  };
}
