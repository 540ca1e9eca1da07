import type { ComputeProcess, ComputeSystem, ProcessExit } from '../host/ports/compute.ts';
import type { PortForward, Publication } from '../host/ports/network.ts';
import { PortholeError, asError } from '../errors/porthole-error.ts';
import type { ContainerConfigRecord } from '../state/container-record.ts';
import type { MonitorDeps, RunAllocation } from './deps.ts';
import { withDeadline } from './deadline.ts';
import { publishPorts } from './publish-ports.ts';

/** hcs.md 4.3: tear-down waits for an orderly end, then for a forced one. */
const shutdownPatienceMs = 30_000;
const terminatePatienceMs = 30_000;
/** hcs.md 8.6: an exit that is not told within this time after the system's own is taken as lost. */
const lostExitMs = 1_000;
const lostExitCode = 0xffffffff;

/** A started compute system with its init process and everything that was set up for it. */
export interface Run {
  readonly system: ComputeSystem;
  readonly init: ComputeProcess;
  readonly bound: readonly PortForward[];
  /** The init process's end, or the system's when that comes first. */
  waitExit(): Promise<ProcessExit>;
  /** Stops listening on published ports. Idempotent. */
  closePorts(): Promise<void>;
  /** Ends the system and gives everything back. Never throws: problems come back as texts. */
  close(): Promise<{ readonly oomKilled: boolean; readonly problems: readonly string[] }>;
}

/**
 * Brings a container to life: endpoints, published ports, scratch mount, compute system, init process. On any error what
 * was done is undone in reverse and the error goes on.
 */
export async function startRun<A extends RunAllocation>(
  deps: MonitorDeps<A>,
  config: ContainerConfigRecord,
): Promise<Run> {
  const { id } = config;
  const undo: (() => Promise<void>)[] = [];
  const host = await deps.host();
  const networks = await deps.networks();
  try {
    undo.push(() => networks.release(id));
    const allocation = await networks.allocate(id);
    const publication = await publishPorts(host.network, allocation);
    undo.push(() => publication?.close() ?? Promise.resolve());
    undo.push(() => host.layers.unmount(id));
    const scratch = await host.layers.mount(id, { attach: config.spec.isolation !== 'hyperv' });
    const plan = await deps.plan(config, scratch, allocation);
    undo.push(() => host.compute.cleanup(id));
    const system = await host.compute.create(id, plan.system);
    await system.start();
    const init = await system.createProcess(plan.process);
    return liveRun(system, init, publication, allocation, {
      networks: () => networks.release(id),
      compute: () => host.compute.cleanup(id),
      layers: () => host.layers.unmount(id),
    });
  } catch (error) {
    for (const step of undo.reverse()) await step().catch(() => undefined);
    throw error;
  }
}

interface GiveBack {
  readonly compute: () => Promise<void>;
  readonly layers: () => Promise<void>;
  readonly networks: () => Promise<void>;
}

function liveRun(
  system: ComputeSystem,
  init: ComputeProcess,
  publication: Publication | undefined,
  allocation: RunAllocation,
  giveBack: GiveBack,
): Run {
  let portsClosed: Promise<void> | undefined;
  const closePorts = (): Promise<void> => (portsClosed ??= publication?.close() ?? Promise.resolve());
  return {
    system,
    init,
    bound: publication?.forwards ?? allocation.published,
    waitExit: () => firstExit(system, init),
    closePorts,
    close: async () => {
      const problems: string[] = [];
      const attempt = async (what: string, step: () => Promise<void>): Promise<void> => {
        try {
          await step();
        } catch (error) {
          problems.push(`${what}: ${asError(error).message}`);
        }
      };
      await attempt('close published ports', closePorts);
      let oomKilled = false;
      await attempt('end the compute system', async () => {
        oomKilled = await endSystem(system);
      });
      init.close();
      system.close();
      if (problems.some((problem) => problem.startsWith('end '))) await attempt('clean up', giveBack.compute);
      await attempt('release the network', giveBack.networks);
      await attempt('unmount the scratch layer', giveBack.layers);
      return { oomKilled, problems };
    },
  };
}

async function firstExit(system: ComputeSystem, init: ComputeProcess): Promise<ProcessExit> {
  const own = init.waitExit();
  const afterSystem = system.waitExit().then(
    () => withDeadline(own, lostExitMs, () => ({ exitCode: lostExitCode })),
    () => own,
  );
  return Promise.race([own, afterSystem]);
}

/** Shutdown, then terminate, each with its deadline. Gives whether the kernel ended it for memory. */
async function endSystem(system: ComputeSystem): Promise<boolean> {
  const ended = system.waitExit();
  ended.catch(() => undefined);
  for (const [ask, patience] of [
    [() => system.shutdown(), shutdownPatienceMs],
    [() => system.terminate(), terminatePatienceMs],
  ] as const) {
    // "Already stopped" and "closing by itself" are what is wanted (hcs.md 8.3, 8.4): only the wait decides.
    await ask().catch(() => undefined);
    const exit = await withDeadline(ended, patience, () => undefined);
    if (exit !== undefined) return exit.oomKilled ?? false;
  }
  throw new PortholeError('unavailable', 'SYSTEM_STUCK', `compute system ${system.id} does not end`);
}
