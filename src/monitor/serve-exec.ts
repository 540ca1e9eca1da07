import type { Socket } from 'node:net';
import type { ComputeProcess } from '../host/ports/compute.ts';
import { withDeadline } from './deadline.ts';
import type { MonitorDeps, RunAllocation } from './deps.ts';
import { FrameParser, frameType } from './frames.ts';
import type { MonitorRequest } from './protocol.ts';
import { writeFrame } from './serve-attach.ts';
import type { Supervisor } from './supervisor.ts';

/** Starts a created exec; attached clients get its streams and, as the last frame, its exit code. */
export async function serveExec<A extends RunAllocation>(
  supervisor: Supervisor<A>,
  deps: Pick<MonitorDeps<A>, 'planExec'>,
  socket: Socket,
  request: Extract<MonitorRequest, { readonly type: 'exec-start' }>,
  rest: Buffer,
): Promise<void> {
  const { execs } = supervisor;
  const exec = execs.request(request.id);
  const process = await execs.start(
    request.id,
    supervisor.running().system,
    deps.planExec(supervisor.config, exec),
  );
  supervisor.emit(`exec_start: ${(exec.Cmd ?? []).join(' ')}`, { execID: request.id });
  socket.write(`${JSON.stringify({ ok: true, result: { pid: process.pid } })}\n`);
  const attached = !request.detach;
  socket.once('end', () => socket.end());
  const streamsEnded = pumpOutput(process, attached ? socket : undefined);
  if (attached && exec.AttachStdin) pumpInput(process, socket, rest);
  else if (!exec.Tty) process.stdin?.end();
  process.stdin?.on('error', () => undefined);
  if (!attached) socket.end();
  else if (!exec.AttachStdin) socket.resume();
  void process
    .waitExit()
    .then(
      ({ exitCode }) => exitCode,
      () => 0xffffffff,
    )
    .then(async (exitCode) => {
      await withDeadline(streamsEnded, 1000, () => undefined);
      execs.finish(request.id, exitCode);
      supervisor.emit('exec_die', { execID: request.id, exitCode: String(exitCode) });
      process.close();
      if (!attached) return;
      writeFrame(socket, frameType.end, Buffer.from(JSON.stringify({ exitCode })));
      socket.end();
    });
}

/** Output goes to the client at its own pace; without one (any more) it is read and dropped, so that the program goes on. */
function pumpOutput(process: ComputeProcess, socket: Socket | undefined): Promise<void> {
  const ends: Promise<void>[] = [];
  for (const stream of ['stdout', 'stderr'] as const) {
    const source = process[stream];
    if (source === undefined) continue;
    source.on('data', (chunk: Buffer) => {
      if (socket === undefined || socket.destroyed) return;
      if (!writeFrame(socket, frameType[stream], chunk)) source.pause();
    });
    socket?.on('drain', () => source.resume());
    socket?.once('close', () => source.resume());
    ends.push(
      new Promise((resolve) => {
        source.once('end', resolve);
        source.once('close', resolve);
        source.once('error', () => resolve());
      }),
    );
  }
  return Promise.all(ends).then(() => undefined);
}

function pumpInput(process: ComputeProcess, socket: Socket, rest: Buffer): void {
  const { stdin } = process;
  if (stdin === undefined) return;
  const parser = new FrameParser((type, part, last) => {
    if (type !== frameType.stdin || stdin.writableEnded) return;
    if (part.length > 0) {
      if (!stdin.write(part)) socket.pause();
    } else if (last) stdin.end();
  });
  stdin.on('drain', () => socket.resume());
  socket.on('data', (chunk: Buffer) => parser.push(chunk));
  socket.once('close', () => {
    if (!stdin.writableEnded) stdin.end();
  });
  if (rest.length > 0) parser.push(rest);
  socket.resume();
}
