import type { ExecCreateRequest, ExecInspect } from '../../../api/types/index.ts';
import { PortholeError, isKind } from '../../../errors/porthole-error.ts';
import { callMonitor, isLeaving, upgradeMonitor } from '../../../monitor/client.ts';
import { listContainers } from '../../../state/container-list.ts';
import type { CallOptions, ExecRole, StdioSession } from '../../roles/index.ts';
import type { ContainerDeps } from '../containers/deps.ts';
import { findContainer, monitorCallDeps } from '../containers/lifecycle.ts';
import { framedSession } from '../containers/session.ts';

/** What this process knows of an exec that it made: enough to answer when the container, and with it its monitor, is gone. */
interface KnownExec {
  readonly containerId: string;
  readonly request: ExecCreateRequest;
  pid: number;
  exitCode: number | null;
}

/** The exec role: the container's monitor runs the processes; one short call each, so that `exec` stays cheap. */
export function execRole(deps: ContainerDeps): ExecRole {
  const known = new Map<string, KnownExec>();
  const call = monitorCallDeps(deps);

  const knows = async (containerId: string, id: string): Promise<boolean> => {
    try {
      return (await callMonitor(call, containerId, { type: 'exec-inspect', id })) !== undefined;
    } catch (error) {
      if (isLeaving(error) || isKind(error, 'notFound')) return false;
      throw error;
    }
  };

  /** Container of an exec: of this process's own, else asked of every running container's monitor. */
  const locate = async (id: string): Promise<string> => {
    const own = known.get(id);
    if (own !== undefined) return own.containerId;
    const running = listContainers(deps.paths, deps.environment.now()).containers.filter(
      (container) => container.state.Running,
    );
    const open = running.find((container) => container.record.execIds?.includes(id) === true);
    if (open !== undefined) return open.id;
    for (const container of running) if (await knows(container.id, id)) return container.id;
    throw noSuchExec(id);
  };

  return {
    async create(reference, request, options: CallOptions = {}) {
      if ((request.Cmd ?? []).length === 0) {
        throw new PortholeError('invalid', 'EXEC_NO_COMMAND', 'No exec command specified');
      }
      const { id: containerId, state, status } = await findContainer(deps, reference);
      if (status === 'paused') {
        throw new PortholeError(
          'conflict',
          'CONTAINER_PAUSED',
          `Container ${containerId} is paused, unpause the container before exec`,
        );
      }
      if (status === 'restarting') {
        throw new PortholeError(
          'conflict',
          'CONTAINER_RESTARTING',
          `Container ${containerId} is restarting, wait until the container is running`,
        );
      }
      if (!state.Running) throw notRunning(containerId);
      const id = deps.environment.newId();
      const answer = await callMonitor(
        call,
        containerId,
        { type: 'exec-create', id, request },
        options.signal,
      ).catch((error: unknown) => {
        if (isLeaving(error)) throw notRunning(containerId);
        throw error;
      });
      if (answer === undefined) throw notRunning(containerId);
      known.set(id, { containerId, request, pid: 0, exitCode: null });
      return { Id: id };
    },

    async start(id, options): Promise<StdioSession | undefined> {
      const containerId = await locate(id);
      const own = known.get(id);
      const connection = await upgradeMonitor(
        call,
        containerId,
        { type: 'exec-start', id, detach: options.detach },
        options.signal,
      ).catch((error: unknown) => {
        if (isLeaving(error)) throw notRunning(containerId);
        throw error;
      });
      if (connection === undefined) throw notRunning(containerId);
      if (own !== undefined) own.pid = connection.result.pid;
      if (options.detach) {
        connection.socket.destroy();
        return undefined;
      }
      return framedSession(connection.socket, {
        rest: connection.rest,
        stdin: own?.request.AttachStdin ?? true,
        tty: options.tty,
        onEnd: (exitCode) => {
          if (own !== undefined) own.exitCode = exitCode;
        },
      });
    },

    async resize(id, { height, width }) {
      const containerId = await locate(id);
      const answer = await callMonitor(call, containerId, { type: 'exec-resize', id, height, width });
      if (answer === undefined) throw notRunning(containerId);
    },

    async inspect(id, options: CallOptions = {}) {
      const own = known.get(id);
      if (own !== undefined && own.exitCode !== null) return finishedInspect(id, own);
      const containerId = await locate(id);
      const answer = await callMonitor(call, containerId, { type: 'exec-inspect', id }, options.signal).catch(
        (error: unknown) => {
          if (isLeaving(error)) return undefined;
          throw error;
        },
      );
      if (answer !== undefined) return answer.exec;
      if (own === undefined) throw noSuchExec(id);
      // The container ended and took the process along before its code was told.
      return finishedInspect(id, { ...own, exitCode: 0xffffffff });
    },
  };
}

function finishedInspect(id: string, exec: KnownExec): ExecInspect {
  const { request } = exec;
  const [entrypoint = '', ...args] = request.Cmd ?? [];
  return {
    ID: id,
    Running: false,
    ExitCode: exec.exitCode,
    ProcessConfig: { tty: request.Tty, entrypoint, arguments: args },
    OpenStdin: request.AttachStdin,
    OpenStderr: request.AttachStderr,
    OpenStdout: request.AttachStdout,
    CanRemove: true,
    ContainerID: exec.containerId,
    DetachKeys: Buffer.from(request.DetachKeys).toString('base64'),
    Pid: exec.pid,
  };
}

function notRunning(containerId: string): PortholeError {
  return new PortholeError('conflict', 'CONTAINER_NOT_RUNNING', `container ${containerId} is not running`);
}

function noSuchExec(id: string): PortholeError {
  return new PortholeError('notFound', 'EXEC_NOT_FOUND', `No such exec instance: ${id}`);
}
