import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { LayerError } from '../../src/layer/layer-error.ts';
import { TarParser } from '../../src/layer/tar-reader.ts';
import { baseImageLayers } from '../support/base-image.ts';
import { rejection } from '../support/rejection.ts';
import type { LayerTar } from '../support/layer-tar.ts';
import type { TarEntry } from '../../src/layer/tar-reader.ts';
import type { ScratchChange } from '../../src/host/memory/layers.ts';
import type { LayerInfo, LayerStore, TreeEntry } from '../../src/host/ports/layers.ts';

/** One store under test, empty. */
export interface LayerContractHost {
  readonly layers: LayerStore;
  /** Does what a program in a container on the scratch would do. Absent where this host cannot run any. */
  readonly change?: (key: string, changes: readonly ScratchChange[]) => Promise<void>;
  /** Folders of the store that should not be there: partial layers. Empty on a store without folders. */
  readonly leftovers: () => string[];
  dispose(): Promise<void>;
}

/** The store that the running test looks at, and what tests do with it again and again. */
export class LayerContract {
  #host: LayerContractHost | undefined;

  get host(): LayerContractHost {
    if (this.#host === undefined) throw new Error('no store is open');
    return this.#host;
  }

  set host(host: LayerContractHost) {
    this.#host = host;
  }

  get layers(): LayerStore {
    return this.host.layers;
  }

  async base(): Promise<LayerInfo> {
    return applyTar(this.layers, baseImageLayers('nanoserver')[0]!, []);
  }

  async onBase(tar: LayerTar): Promise<LayerInfo> {
    return applyTar(this.layers, tar.bytes(), [(await this.base()).id]);
  }

  async tree(key: string, path = ''): Promise<TreeEntry[]> {
    const entries: TreeEntry[] = [];
    for await (const entry of this.layers.readTree(key, path)) entries.push(entry);
    return entries;
  }

  async paths(key: string, path = ''): Promise<string[]> {
    return (await this.tree(key, path)).map((entry) => entry.path);
  }
}

export const digestOf = (bytes: Uint8Array): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
export const idOf = (letter: string): string => letter.repeat(64);

export async function expectLayerError(
  promise: Promise<unknown>,
  kind: string,
  code: string,
): Promise<LayerError> {
  const error = await rejection(promise);
  expect(error).to.be.instanceOf(LayerError);
  expect(error).to.include({ kind, code });
  return error as LayerError;
}

/** Unpacks a tar in pieces of an awkward size, each of whose memory is gone as soon as it was written. */
export async function applyTar(
  layers: LayerStore,
  tar: Buffer,
  parents: readonly string[],
  expected?: string,
): Promise<LayerInfo> {
  const apply = await layers.openApply(undefined, { parents });
  try {
    for (let at = 0; at < tar.length; at += 700) {
      const piece = Uint8Array.from(tar.subarray(at, at + 700));
      await apply.write(piece);
      piece.buffer.transfer(0);
    }
    return await apply.commit(expected);
  } catch (error) {
    await apply.abort();
    throw error;
  }
}

/** `name type size attributes` of every entry, for whiteouts only the name. */
export function describeTar(tar: Buffer): string[] {
  const lines: string[] = [];
  const parser = new TarParser({
    entry: (entry: TarEntry) => {
      const attributes = entry.records.get('MSWINDOWS.fileattr');
      const link = entry.linkName === '' ? '' : ` -> ${entry.linkName}`;
      lines.push(
        attributes === undefined
          ? entry.name
          : `${entry.name} ${entry.type} ${entry.size} ${attributes}${link}`,
      );
    },
    data: () => undefined,
    end: () => undefined,
  });
  parser.push(tar);
  parser.finish();
  return lines;
}
