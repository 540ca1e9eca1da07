/**
 * What the methods of a host's ports give back, which decides how they are recorded and replayed. The types make the lists
 * complete: a new method of a port has to be placed here before anything compiles.
 */
import type { ComputePort, ComputeProcess, ComputeSystem } from '../ports/compute.ts';
import type { LayerApply, LayerStore } from '../ports/layers.ts';
import type { NetworkPort, Publication } from '../ports/network.ts';

/**
 * `value`: plain data, once. `read`: plain data that may be asked for again and again. `wait`: the answer comes when what was
 * done meanwhile has been done. `system` ... `tree`: an object with methods of its own. `local`: not recorded.
 */
export type Kind =
  'value' | 'read' | 'wait' | 'local' | 'system' | 'process' | 'apply' | 'publication' | 'stream' | 'tree';

type MethodName<T> = {
  [K in keyof T]-?: NonNullable<T[K]> extends (...args: never[]) => unknown ? K : never;
}[keyof T];

export type Methods<T> = Readonly<Record<MethodName<T>, Kind>>;

export const computeMethods: Methods<ComputePort> = {
  create: 'system',
  open: 'system',
  list: 'read',
  host: 'read',
  credentialSpec: 'read',
  cleanup: 'value',
};

export const systemMethods: Methods<ComputeSystem> = {
  start: 'value',
  shutdown: 'value',
  terminate: 'value',
  pause: 'value',
  resume: 'value',
  statistics: 'read',
  processes: 'read',
  createProcess: 'process',
  waitExit: 'wait',
  close: 'local',
};

export const processMethods: Methods<ComputeProcess> = {
  resize: 'value',
  signal: 'value',
  kill: 'value',
  waitExit: 'wait',
  close: 'local',
};

export const networkMethods: Methods<NetworkPort> = {
  warnings: 'read',
  createNetwork: 'value',
  getNetwork: 'read',
  listNetworks: 'read',
  deleteNetwork: 'value',
  createEndpoint: 'value',
  getEndpoint: 'read',
  listEndpoints: 'read',
  deleteEndpoint: 'value',
  endpointStatistics: 'read',
  createNamespace: 'value',
  listNamespaces: 'read',
  deleteNamespace: 'value',
  attachEndpoint: 'value',
  detachEndpoint: 'value',
  setHosts: 'value',
  publish: 'publication',
};

export const publicationMethods: Methods<Publication> = { close: 'value' };

export const layerMethods: Methods<LayerStore> = {
  openApply: 'apply',
  isPrivileged: 'read',
  get: 'read',
  list: 'read',
  remove: 'value',
  compose: 'stream',
  readTree: 'tree',
  sweep: 'value',
  createScratch: 'value',
  mount: 'value',
  unmount: 'value',
  removeScratch: 'value',
  listScratches: 'read',
  diff: 'stream',
  changes: 'read',
  usage: 'read',
  stat: 'read',
};

/** `write` is never a line of its own: what was written counts when it is committed. */
export const applyMethods: Methods<LayerApply> = { write: 'local', commit: 'value', abort: 'value' };
