import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { PortholeError } from '../errors/porthole-error.ts';
import type { MonitorDeps, RunAllocation } from './deps.ts';
import { serveAttach } from './serve-attach.ts';
import { serveExec } from './serve-exec.ts';
import { monitorLeaving, toWireError } from './protocol.ts';
import type { MonitorRequest } from './protocol.ts';
import { withShortPath } from './socket-path.ts';
import type { Supervisor } from './supervisor.ts';

/** A request line may carry a whole environment. */
const longestRequest = 16 << 20;
/** A monitor that nobody speaks to after its birth goes again. */
const firstWordMs = 10_000;
/** Last answers get this long to leave. */
const farewellMs = 2_000;

/** Listens for one supervisor and says when the monitor has nothing left to do. */
export class MonitorServer<A extends RunAllocation> {
  readonly #supervisor: Supervisor<A>;
  readonly #deps: MonitorDeps<A>;
  readonly #server: Server;
  readonly #connections = new Set<Socket>();
  readonly #onDone: () => void;
  #address = '';
  #hasRun = false;
  #leaving = false;
  #firstWord: NodeJS.Timeout | undefined;

  constructor(deps: MonitorDeps<A>, supervisor: Supervisor<A>, onDone: () => void) {
    this.#deps = deps;
    this.#supervisor = supervisor;
    this.#onDone = onDone;
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket));
    // Deferred: answers that this very end produces are written first.
    supervisor.onIdle = () => setImmediate(() => this.#leaveIfIdle());
  }

  async listen(address: string): Promise<void> {
    this.#address = address;
    if (this.#deps.platform !== 'win32') rmSync(address, { force: true });
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      withShortPath(address, (path) => this.#server.listen(path, resolve));
    });
    this.#firstWord = setTimeout(() => this.#leaveIfIdle(), firstWordMs);
  }

  #accept(socket: Socket): void {
    clearTimeout(this.#firstWord);
    this.#connections.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => {
      this.#connections.delete(socket);
      this.#leaveIfIdle();
    });
    readRequest(socket, (request, rest) => {
      this.#serve(socket, request, rest).catch((error: unknown) => {
        answer(socket, { ok: false, error: toWireError(error) });
        socket.end();
      });
    });
  }

  async #serve(socket: Socket, request: MonitorRequest, rest: Buffer): Promise<void> {
    if (this.#leaving)
      throw new PortholeError('conflict', monitorLeaving, 'the monitor is leaving', { retriable: true });
    const supervisor = this.#supervisor;
    switch (request.type) {
      case 'attach':
        serveAttach(supervisor, socket, request, rest);
        return;
      case 'exec-start':
        await serveExec(supervisor, this.#deps, socket, request, rest);
        return;
      case 'wait': {
        const waiter = supervisor.wait(request.condition);
        socket.once('end', () => socket.destroy()).once('close', waiter.cancel);
        socket.resume();
        answer(socket, { ok: true, result: {} });
        answer(socket, { ok: true, result: await waiter.result });
        socket.end();
        return;
      }
      default:
        answer(socket, { ok: true, result: await this.#act(request) });
        socket.end();
    }
  }

  async #act(
    request: Exclude<MonitorRequest, { readonly type: 'attach' | 'exec-start' | 'wait' }>,
  ): Promise<object> {
    const supervisor = this.#supervisor;
    switch (request.type) {
      case 'start':
        this.#hasRun = true;
        await supervisor.start();
        return {};
      case 'stop':
        await supervisor.stop(request);
        return {};
      case 'kill':
        await supervisor.kill(request.signal);
        return {};
      case 'resize':
        await supervisor.running().init.resize(request.height, request.width);
        supervisor.emit('resize', { height: String(request.height), width: String(request.width) });
        return {};
      case 'exec-create':
        supervisor.running();
        supervisor.execs.create(request.id, request.request);
        supervisor.emit(`exec_create: ${(request.request.Cmd ?? []).join(' ')}`, { execID: request.id });
        return {};
      case 'exec-resize':
        await supervisor.execs.process(request.id).resize(request.height, request.width);
        return {};
      case 'exec-inspect':
        return { exec: supervisor.execs.inspect(request.id) };
      case 'top':
        return { processes: await this.#top() };
      case 'rename':
        supervisor.rename(request.name);
        return {};
      case 'leave':
        if (!supervisor.idle)
          throw new PortholeError('conflict', 'CONTAINER_RUNNING', 'container is running');
        setImmediate(() => this.#leave());
        return {};
    }
  }

  async #top(): Promise<object[]> {
    const processes = await this.#supervisor.running().system.processes();
    return processes.map((process) => ({
      processId: process.processId,
      imageName: process.imageName,
      cpu100ns: String(process.userTime100ns + process.kernelTime100ns),
      workingSetPrivateBytes: process.workingSetPrivateBytes,
    }));
  }

  /** After a run nobody can want anything of this monitor; before one, those connected may. */
  #leaveIfIdle(): void {
    if (!this.#supervisor.idle) return;
    if (this.#hasRun || this.#connections.size === 0) this.#leave();
  }

  #leave(): void {
    if (this.#leaving) return;
    this.#leaving = true;
    clearTimeout(this.#firstWord);
    const late = setTimeout(() => {
      for (const socket of this.#connections) socket.destroy();
    }, farewellMs);
    this.#server.close(() => {
      clearTimeout(late);
      if (this.#deps.platform !== 'win32') rmSync(this.#address, { force: true });
      this.#onDone();
    });
    for (const socket of this.#connections) {
      // What was answered still leaves; who only waits learns that there is nobody any more.
      socket.end(() => socket.destroy());
    }
  }
}

function answer(socket: Socket, line: object): void {
  if (!socket.destroyed && socket.writable) socket.write(`${JSON.stringify(line)}\n`);
}

/** Calls back once, with the first line and whatever followed it. */
function readRequest(socket: Socket, onRequest: (request: MonitorRequest, rest: Buffer) => void): void {
  let chunks: Buffer[] = [];
  let size = 0;
  const onEnd = (): void => void socket.destroy();
  const onData = (chunk: Buffer): void => {
    chunks.push(chunk);
    size += chunk.length;
    if (!chunk.includes(0x0a)) {
      if (size > longestRequest) socket.destroy();
      return;
    }
    socket.off('data', onData).off('end', onEnd);
    socket.pause();
    const all = Buffer.concat(chunks);
    chunks = [];
    const end = all.indexOf(0x0a);
    let request: MonitorRequest;
    try {
      request = JSON.parse(all.toString('utf8', 0, end)) as MonitorRequest;
    } catch {
      socket.destroy();
      return;
    }
    onRequest(request, all.subarray(end + 1));
  };
  socket.on('data', onData).on('end', onEnd);
}
