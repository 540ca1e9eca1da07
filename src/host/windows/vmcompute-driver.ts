import { HRESULT, sameCondition } from '../../hcs/hresult.ts';
import * as vmcompute from './ffi/vmcompute.ts';
import { notification, type Registration } from './ffi/vmcompute.ts';
import {
  hcsTimeouts,
  type DriverHandle,
  type DriverResult,
  type HcsDriver,
  type SystemVerb,
} from './hcs-driver.ts';

const verbs: Record<SystemVerb, { name: vmcompute.Verb; completion: number | undefined }> = {
  start: { name: 'Start', completion: notification.startCompleted },
  pause: { name: 'Pause', completion: notification.pauseCompleted },
  resume: { name: 'Resume', completion: notification.resumeCompleted },
  // Their completion is the system's exit, which the caller waits for by itself.
  shutdown: { name: 'Shutdown', completion: undefined },
  terminate: { name: 'Terminate', completion: undefined },
};

interface Waiter {
  readonly type: number;
  readonly done: (hresult: number) => void;
}

/** Notifications of one open system. A completion may arrive before anybody waits for it, so the last ones are kept. */
class Notifications {
  readonly #seen = new Map<number, number>();
  readonly #waiters = new Set<Waiter>();
  readonly #ended: ((document: string | undefined) => void)[] = [];
  registration: Registration | undefined;
  /** Why nothing will be heard: then nothing may be waited for. */
  refused: number | undefined;

  readonly listener = (type: number, hresult: number): void => {
    this.#seen.set(type, hresult);
    if (type === notification.systemExited || type === notification.serviceDisconnect)
      for (const ended of this.#ended.splice(0)) ended(exitStatus(type, hresult));
    for (const waiter of [...this.#waiters]) {
      const outcome = outcomeFor(waiter.type, type, hresult);
      if (outcome !== undefined) waiter.done(outcome);
    }
  };

  whenEnded(listener: (document: string | undefined) => void): void {
    const hresult = this.#seen.get(notification.systemExited);
    if (hresult === undefined) this.#ended.push(listener);
    else listener(exitStatus(notification.systemExited, hresult));
  }

  /** Forgets an earlier completion of the same kind: call before the operation that will cause the next. */
  expect(type: number): void {
    this.#seen.delete(type);
  }

  /** The HRESULT of the completion; `unexpectedExit` when the system ended instead; `operationTimeout` past the bound. */
  wait(type: number, timeoutMs: number): Promise<number> {
    for (const [seen, hresult] of this.#seen) {
      const outcome = outcomeFor(type, seen, hresult);
      if (outcome !== undefined) return Promise.resolve(outcome);
    }
    return new Promise((resolve) => {
      // The timer also keeps the event loop alive: a native callback alone does not (hcs.md 1.5).
      const timer = setTimeout(() => waiter.done(HRESULT.operationTimeout), timeoutMs);
      const waiter: Waiter = {
        type,
        done: (hresult) => {
          clearTimeout(timer);
          this.#waiters.delete(waiter);
          resolve(hresult);
        },
      };
      this.#waiters.add(waiter);
    });
  }
}

/** A notification tells only that an end was unexpected, not which expected end it was. */
function exitStatus(type: number, hresult: number): string | undefined {
  const unexpected = type === notification.systemExited && sameCondition(hresult, HRESULT.unexpectedExit);
  return unexpected ? JSON.stringify({ ExitType: 'UnexpectedExit' }) : undefined;
}

function outcomeFor(wanted: number, type: number, hresult: number): number | undefined {
  if (type === wanted) return hresult;
  if (type === notification.systemExited) return HRESULT.unexpectedExit;
  if (type === notification.serviceDisconnect) return HRESULT.serviceDisconnect;
  return undefined;
}

const systems = new Map<DriverHandle, Notifications>();
const processes = new Map<DriverHandle, Registration>();

async function watch(handle: DriverHandle): Promise<Notifications> {
  const known = systems.get(handle);
  if (known !== undefined) return known;
  const notifications = new Notifications();
  systems.set(handle, notifications);
  const registered = await vmcompute.registerCallback('ComputeSystem', handle, notifications.listener);
  if (typeof registered === 'number') {
    notifications.refused = registered;
    // The next verb tries again.
    systems.delete(handle);
  } else notifications.registration = registered;
  return notifications;
}

/** vmcompute.dll behind the driver interface: turns "pending" into waiting for the notification. */
export const vmcomputeDriver: HcsDriver = {
  name: 'vmcompute',
  enumerate: (query) => vmcompute.enumerate(query),
  async createSystem(id, document) {
    const created = await vmcompute.create(id, document);
    if (created.handle === undefined) return created;
    const pending = created.hresult === HRESULT.operationPendingV1;
    if (created.hresult >= 0x80000000 && !pending) return created;
    const notifications = await watch(created.handle);
    if (!pending) return created;
    if (notifications.refused !== undefined) return { ...created, hresult: notifications.refused };
    const hresult = await notifications.wait(notification.createCompleted, hcsTimeouts.operation);
    return { ...created, hresult };
  },
  openSystem: (id) => vmcompute.open(id),
  async closeSystem(handle) {
    await systems.get(handle)?.registration?.unregister();
    systems.delete(handle);
    await vmcompute.close(handle);
  },
  async systemVerb(verb, handle): Promise<DriverResult> {
    const { name, completion } = verbs[verb];
    const notifications = completion === undefined ? undefined : await watch(handle);
    if (notifications?.refused !== undefined) return { hresult: notifications.refused, document: undefined };
    if (completion !== undefined) notifications?.expect(completion);
    const reply = await vmcompute.systemVerb(name, handle);
    if (reply.hresult !== HRESULT.operationPendingV1) return reply;
    if (completion === undefined || notifications === undefined) return { ...reply, hresult: 0 };
    return { ...reply, hresult: await notifications.wait(completion, hcsTimeouts.operation) };
  },
  systemProperties: (handle, query) => vmcompute.properties(handle, query),
  createProcess: (system, parameters) => vmcompute.createProcess(system, parameters),
  openProcess: (system, pid) => vmcompute.openProcess(system, pid),
  async closeProcess(handle) {
    await processes.get(handle)?.unregister();
    processes.delete(handle);
    await vmcompute.closeProcess(handle);
  },
  terminateProcess: (handle) => vmcompute.terminateProcess(handle),
  signalProcess: (handle, options) => vmcompute.signalProcess(handle, options),
  modifyProcess: (handle, settings) => vmcompute.modifyProcess(handle, settings),
  processProperties: (handle) => vmcompute.processProperties(handle),
  async watchSystem(handle, listener) {
    (await watch(handle)).whenEnded(listener);
  },
  async watchProcess(handle, listener) {
    const registration = await vmcompute.registerCallback('Process', handle, (type) => {
      if (type === notification.processExited || type === notification.serviceDisconnect) listener();
    });
    if (typeof registration !== 'number') processes.set(handle, registration);
  },
};
