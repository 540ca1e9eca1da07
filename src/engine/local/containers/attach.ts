import { PassThrough, Transform } from 'node:stream';
import { PortholeError } from '../../../errors/porthole-error.ts';
import { upgradeMonitor } from '../../../monitor/client.ts';
import { containerEvent } from '../../../monitor/container-event.ts';
import { appendEvent } from '../../../state/event-log.ts';
import type { ContainersRole, StdioSession } from '../../roles/index.ts';
import type { ContainerDeps } from './deps.ts';
import { DetachScanner, parseDetachKeys } from './detach-keys.ts';
import { findContainer, monitorCallDeps } from './lifecycle.ts';
import { readLogs } from './logs.ts';
import { withMonitor } from './monitor-call.ts';
import { framedSession } from './session.ts';

type AttachOptions = Parameters<ContainersRole['attach']>[1];

/** The role's `attach`. Works before the start: the monitor comes to life and keeps the connection until something runs. */
export async function attachToContainer(
  deps: ContainerDeps,
  reference: string,
  options: AttachOptions,
): Promise<StdioSession> {
  const { id, status, record } = await findContainer(deps, reference);
  if (status === 'paused') {
    throw new PortholeError(
      'conflict',
      'CONTAINER_PAUSED',
      `container ${record.card.name} is paused, unpause the container before attach`,
    );
  }
  if (status === 'restarting') {
    throw new PortholeError(
      'conflict',
      'CONTAINER_RESTARTING',
      `container ${record.card.name} is restarting, wait until the container is running`,
    );
  }
  const keys =
    options.detachKeys === undefined || options.detachKeys === ''
      ? undefined
      : parseDetachKeys(options.detachKeys);
  const connection = await withMonitor(
    deps,
    id,
    () =>
      upgradeMonitor(
        monitorCallDeps(deps),
        id,
        {
          type: 'attach',
          stdin: options.stdin ?? false,
          stdout: options.stdout ?? false,
          stderr: options.stderr ?? false,
        },
        options.signal,
      ),
    options.signal,
  );
  const session = framedSession(connection.socket, {
    rest: connection.rest,
    stdin: options.stdin ?? false,
    tty: connection.result.tty,
  });
  const detachable =
    keys === undefined || !connection.result.tty
      ? session
      : withDetachKeys(session, keys, () =>
          appendEvent(deps.paths.events, containerEvent('detach', id, record.card), deps.environment.now()),
        );
  if (options.logs !== true) return detachable;
  const { logSize } = connection.result;
  const past = await readLogs(deps, id, {
    stdout: options.stdout ?? false,
    stderr: options.stderr ?? false,
    ...(logSize === undefined ? {} : { currentFileLimit: logSize }),
  });
  return inFront(past, detachable);
}

function withDetachKeys(session: StdioSession, keys: Buffer, onDetach: () => void): StdioSession {
  if (session.stdin === undefined) return session;
  const scanner = new DetachScanner(keys);
  const stdin = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      const { pass, detached } = scanner.scan(chunk);
      done(null, pass);
      if (!detached) return;
      onDetach();
      session.close();
    },
  });
  stdin.pipe(session.stdin);
  return { ...session, stdin };
}

/** What was written before, then what comes: one stream after the other, each kind for itself. */
function inFront(past: StdioSession, live: StdioSession): StdioSession {
  const join = (first: NodeJS.ReadableStream | undefined, second: NodeJS.ReadableStream): PassThrough => {
    const both = new PassThrough();
    if (first === undefined) second.pipe(both);
    else first.on('end', () => second.pipe(both)).pipe(both, { end: false });
    return both;
  };
  return {
    ...(live.stdin === undefined ? {} : { stdin: live.stdin }),
    stdout: join(past.stdout, live.stdout),
    ...(live.stderr === undefined ? {} : { stderr: join(past.stderr, live.stderr) }),
    close: () => {
      past.close();
      live.close();
    },
  };
}
