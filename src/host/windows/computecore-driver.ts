import { HRESULT } from '../../hcs/hresult.ts';
import { bounded } from './bounded.ts';
import * as computecore from './ffi/computecore.ts';
import { eventType, type ProcessHandle, type SystemHandle } from './ffi/computecore.ts';
import { hcsTimeouts, type DriverResult, type HcsDriver, type HcsServiceDriver } from './hcs-driver.ts';

const verbs = {
  start: 'Start',
  shutdown: 'ShutDown',
  terminate: 'Terminate',
  pause: 'Pause',
  resume: 'Resume',
} as const;

/** The calls of the service itself take no operation that could be waited for. */
const inTime = (work: Promise<DriverResult>): Promise<DriverResult> =>
  bounded(work, hcsTimeouts.call, () => ({ hresult: HRESULT.operationTimeout, document: undefined }));

/** computecore.dll behind the driver interface. */
export const computecoreDriver: HcsDriver & HcsServiceDriver = {
  name: 'computecore',
  enumerate: (query) => computecore.enumerateComputeSystems(query, hcsTimeouts.query),
  createSystem: (id, document) => computecore.createComputeSystem(id, document, hcsTimeouts.operation),
  openSystem: async (id) => ({ ...(await computecore.openComputeSystem(id)), document: undefined }),
  closeSystem: (handle) => computecore.closeComputeSystem(handle as SystemHandle),
  systemVerb: (verb, handle) =>
    computecore.systemVerb(verbs[verb], handle as SystemHandle, hcsTimeouts.operation),
  systemProperties: (handle, query) =>
    computecore.systemProperties(handle as SystemHandle, query, hcsTimeouts.query),
  createProcess: (system, parameters) =>
    computecore.createProcess(system as SystemHandle, parameters, hcsTimeouts.operation),
  openProcess: async (system, pid) => ({
    ...(await computecore.openProcess(system as SystemHandle, pid)),
    document: undefined,
  }),
  closeProcess: (handle) => computecore.closeProcess(handle as ProcessHandle),
  terminateProcess: (handle) => computecore.terminateProcess(handle as ProcessHandle, hcsTimeouts.operation),
  signalProcess: (handle, options) =>
    computecore.signalProcess(handle as ProcessHandle, options, hcsTimeouts.signal),
  modifyProcess: (handle, settings) =>
    computecore.modifyProcess(handle as ProcessHandle, settings, hcsTimeouts.query),
  processProperties: (handle) => computecore.processProperties(handle as ProcessHandle, hcsTimeouts.query),
  serviceProperties: (query) => inTime(computecore.serviceProperties(query)),
  modifyService: (settings) => inTime(computecore.modifyServiceSettings(settings)),
  async watchSystem(handle, listener) {
    await computecore.setSystemCallback(handle as SystemHandle, (type, data) => {
      if (type === eventType.systemExited) listener(data);
      else if (type === eventType.serviceDisconnect) listener(undefined);
    });
  },
  async watchProcess(handle, listener) {
    await computecore.setProcessCallback(handle as ProcessHandle, (type) => {
      if (type === eventType.processExited || type === eventType.serviceDisconnect) listener();
    });
  },
};
