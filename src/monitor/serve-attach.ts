import type { Socket } from 'node:net';
import { frameHeader, frameType, FrameParser } from './frames.ts';
import type { LogStream } from './json-log.ts';
import type { MonitorRequest } from './protocol.ts';
import type { HubReader } from './stdio-hub.ts';
import type { RunAllocation } from './deps.ts';
import type { Supervisor } from './supervisor.ts';

/** More than this unsent, and the reader counts as slow. */
const longestBacklog = 1 << 20;

/** Writes one frame; false when the peer does not keep up. */
export function writeFrame(socket: Socket, type: number, payload: Buffer): boolean {
  if (!socket.writable) return true;
  socket.cork();
  socket.write(frameHeader(type, payload.length));
  socket.write(payload);
  socket.uncork();
  return socket.writableLength < longestBacklog;
}

/** Joins a client to the container's streams. Leaving detaches it; with StdinOnce it also closes the container's input. */
export function serveAttach<A extends RunAllocation>(
  supervisor: Supervisor<A>,
  socket: Socket,
  request: Extract<MonitorRequest, { readonly type: 'attach' }>,
  rest: Buffer,
): void {
  const { hub } = supervisor;
  const { OpenStdin, StdinOnce, Tty } = supervisor.config.config;
  const takesInput = request.stdin && OpenStdin;
  const reader: HubReader = {
    stdout: request.stdout,
    stderr: request.stderr,
    write: (stream: LogStream, chunk) => writeFrame(socket, frameType[stream], chunk),
    end: () => socket.end(),
  };
  const { logSize } = supervisor;
  const result = { tty: Tty, ...(logSize === undefined ? {} : { logSize }) };
  socket.write(`${JSON.stringify({ ok: true, result })}\n`);
  supervisor.emit('attach');
  // A terminal stays open when its client detaches: the next one types into it.
  const closesInput = StdinOnce && !Tty;
  const subscription = hub.attach(reader);
  const parser = new FrameParser((type, part, last) => {
    if (type !== frameType.stdin || !takesInput) return;
    if (part.length > 0) {
      if (!hub.write(part)) socket.pause();
    } else if (last && closesInput) hub.closeInput();
  });
  const stopListening = hub.onInputDrain(() => socket.resume());
  socket.on('data', (chunk: Buffer) => parser.push(chunk));
  socket.on('drain', () => subscription.drained());
  socket.once('end', () => socket.end());
  socket.once('close', () => {
    subscription.detach();
    stopListening();
    if (takesInput && closesInput) hub.closeInput();
  });
  if (rest.length > 0) parser.push(rest);
  socket.resume();
}
