import { join } from 'node:path';
import { PortholeError } from '../../errors/porthole-error.ts';
import { LayerError } from '../../layer/layer-error.ts';
import { driverOf, layerDriverNames } from '../layer-folders.ts';
import type { LayerDriverName } from '../layer-folders.ts';
import { ComputestorageLayerDriver } from './computestorage-layer-driver.ts';
import {
  isAvailable as hasComputestorage,
  requireAvailable as requireComputestorage,
} from './ffi/computestorage.ts';
import { isAvailable as hasWclayer } from './ffi/wclayer.ts';
import type { LayerDriver, LayerDriverOptions } from './layer-driver.ts';
import { VmcomputeLayerDriver } from './vmcompute-layer-driver.ts';

/** The environment variable that asks for a layer driver. */
export const layerDriverVariable = 'PORTHOLE_LAYER_DRIVER';

/**
 * vmcompute's calls are on every build from 2016 on; computestorage's serve a Windows that lost them, or who asks. Errors: kind
 * `invalid`, code `LAYER_DRIVER_UNKNOWN`.
 */
export function chooseLayerDriver(
  asked: string | undefined,
  has: Readonly<Record<LayerDriverName, () => boolean>>,
): LayerDriverName {
  if (asked !== undefined && asked !== '') {
    const name = layerDriverNames.find((known) => known === asked.toLowerCase());
    if (name !== undefined) return name;
    throw new PortholeError(
      'invalid',
      'LAYER_DRIVER_UNKNOWN',
      `invalid ${layerDriverVariable} ${JSON.stringify(asked)}: no such layer driver`,
      { hint: `use ${layerDriverNames.join(' or ')}, or leave the variable out` },
    );
  }
  return has.vmcompute() || !has.computestorage() ? 'vmcompute' : 'computestorage';
}

/** What this host has: looks for the DLLs' exports, nothing else. */
export const layerDriversHere = { vmcompute: hasWclayer, computestorage: hasComputestorage } as const;

/** Both drivers, and which of them makes layers here; nothing is loaded before it is asked for. */
export class LayerDrivers {
  readonly #options: LayerDriverOptions & { readonly asked: string | undefined };
  readonly #made = new Map<LayerDriverName, LayerDriver>();
  #current: LayerDriver | undefined;

  constructor(options: LayerDriverOptions & { readonly asked: string | undefined }) {
    this.#options = options;
  }

  /** Errors: of a driver that was asked for and is not there, before anything is changed. */
  get current(): LayerDriver {
    if (this.#current === undefined) {
      const name = chooseLayerDriver(this.#options.asked, layerDriversHere);
      if (name === 'computestorage') requireComputestorage();
      this.#current = this.of(name);
    }
    return this.#current;
  }

  of(name: LayerDriverName): LayerDriver {
    let driver = this.#made.get(name);
    if (driver === undefined) {
      driver =
        name === 'vmcompute'
          ? new VmcomputeLayerDriver(this.#options)
          : new ComputestorageLayerDriver(this.#options);
      this.#made.set(name, driver);
    }
    return driver;
  }

  /** What made the layer or scratch of a folder; where no record tells, what would make it now. */
  maker(folder: string): LayerDriver {
    const name = driverOf(folder);
    return name === undefined ? this.current : this.of(name);
  }

  /** By its maker. A DLL that this Windows has lost has nothing mounted. */
  async unmount(folder: string): Promise<void> {
    await this.#byMaker(folder, (driver) => driver.unmount(folder));
  }

  /** False: the caller removes the tree itself. */
  async destroy(folder: string): Promise<boolean> {
    return (await this.#byMaker(folder, (driver) => driver.destroy(folder))) ?? false;
  }

  async #byMaker<T>(folder: string, work: (driver: LayerDriver) => Promise<T>): Promise<T | undefined> {
    const driver = this.maker(folder);
    try {
      return await work(driver);
    } catch (error) {
      if (driver === this.current) throw error;
      return undefined;
    }
  }
}

/**
 * Neither driver completes, mounts or exports what the other made. `scratch`: the container's own layer, if there is one yet.
 * Errors: kind `conflict`, code `LAYER_DRIVER_MIXED`.
 */
export function requireMadeBy(
  name: LayerDriverName,
  store: string,
  layers: readonly string[],
  scratch?: string,
): void {
  for (const id of scratch === undefined ? layers : [scratch, ...layers]) {
    const maker = driverOf(join(store, id));
    if (maker === undefined || maker === name) continue;
    const [what, instead] =
      id === scratch
        ? ['container', 'remove the container and make it again']
        : ['layer', 'remove the images that have it (porthole rmi) and pull or build them again'];
    throw new LayerError(
      'LAYER_DRIVER_MIXED',
      `${what} ${id} was made with the layer driver ${maker}, not with ${name}, which is used now`,
      { hint: `use the same driver (${layerDriverVariable}=${maker}), or ${instead}` },
    );
  }
}
