import type { Socket } from 'node:net';
import { Readable, Writable } from 'node:stream';
import { PortholeError } from '../../../errors/porthole-error.ts';
import { FrameParser, frameHeader, frameType, longestPayload } from '../../../monitor/frames.ts';
import type { StdioSession } from '../../roles/index.ts';

export interface FramedSessionOptions {
  /** Bytes that came together with the answer. */
  readonly rest: Buffer;
  readonly stdin: boolean;
  readonly tty: boolean;
  /** Exit code of an exec, when its last frame tells it. */
  readonly onEnd?: (exitCode: number) => void;
}

/** A monitor connection after its answer, as Docker's streams: frames come apart, input gets framed, back pressure both ways. */
export function framedSession(socket: Socket, options: FramedSessionOptions): StdioSession {
  const resume = (): void => void socket.resume();
  const stdout = new Readable({ read: resume });
  const stderr = options.tty ? undefined : new Readable({ read: resume });
  let endText = '';
  const finish = (error?: Error): void => {
    for (const stream of [stdout, stderr]) {
      if (stream === undefined || stream.destroyed) continue;
      if (error !== undefined) stream.destroy(error);
      else if (!stream.readableEnded) stream.push(null);
    }
  };
  const parser = new FrameParser((type, part, last) => {
    switch (type) {
      case frameType.stderr:
        if (!(stderr ?? stdout).push(Buffer.from(part))) socket.pause();
        break;
      case frameType.stdout:
        if (!stdout.push(Buffer.from(part))) socket.pause();
        break;
      case frameType.error:
        endText += part.toString();
        if (last) finish(new PortholeError('internal', 'STREAM', endText));
        break;
      case frameType.end:
        endText += part.toString();
        if (last) options.onEnd?.((JSON.parse(endText) as { exitCode: number }).exitCode);
        break;
    }
  });
  let done = false;
  const close = (): void => {
    if (done) return;
    done = true;
    finish();
    socket.destroy();
  };
  socket.on('data', (chunk: Buffer) => parser.push(chunk));
  socket.once('end', close).once('error', close).once('close', close);
  const stdin = options.stdin ? framedInput(socket) : undefined;
  if (options.rest.length > 0) parser.push(options.rest);
  socket.resume();
  return {
    ...(stdin === undefined ? {} : { stdin }),
    stdout,
    ...(stderr === undefined ? {} : { stderr }),
    close,
  };
}

/** Ending it sends the end of input; the connection stays for the output. */
function framedInput(socket: Socket): Writable {
  const send = (payload: Buffer, done: (error?: Error | null) => void): void => {
    if (!socket.writable) {
      // The process is gone: what is typed now goes nowhere, as in Docker.
      done();
      return;
    }
    socket.write(frameHeader(frameType.stdin, payload.length));
    if (payload.length === 0) done();
    else socket.write(payload, () => done());
  };
  return new Writable({
    highWaterMark: 64 * 1024,
    write: (chunk: Buffer, _encoding, done) => {
      for (let at = longestPayload; at < chunk.length; at += longestPayload) {
        send(chunk.subarray(at - longestPayload, at), () => undefined);
      }
      send(chunk.subarray(Math.floor((chunk.length - 1) / longestPayload) * longestPayload), done);
    },
    final: (done) => send(Buffer.alloc(0), done),
  });
}
