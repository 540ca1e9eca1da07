import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

/** Programs inside another network namespace, started through nsenter with the given arguments. */
export function programsIn(enter: readonly string[]): {
  answerTcp(port: number, answer: string): Promise<{ stop(): Promise<void> }>;
  answerUdp(port: number, answer: string): Promise<{ stop(): Promise<void> }>;
  /** Sends a text to whoever connects, then closes. */
  greetTcp(port: number, greeting: string): Promise<{ stop(): Promise<void> }>;
  /** What a server sends by itself. */
  listen(address: string, port: number): Promise<string>;
  ask(address: string, port: number, message: string): Promise<string | undefined>;
  run(command: string, ...args: string[]): Promise<string>;
} {
  const start = (script: string, ...args: string[]): ChildProcess =>
    spawn('nsenter', [...enter, process.execPath, '-e', script, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  const server = async (script: string, ...args: string[]): Promise<{ stop(): Promise<void> }> => {
    const child = start(script, ...args);
    await once(child.stdout!, 'data');
    return {
      async stop() {
        const exit = once(child, 'exit');
        child.kill('SIGKILL');
        await exit;
      },
    };
  };
  return {
    answerTcp: (port, answer) =>
      server(
        `const [port, answer] = process.argv.slice(1);
         require('net').createServer({ allowHalfOpen: true }, (socket) => {
           let got = '';
           socket.on('data', (chunk) => (got += chunk));
           socket.on('end', () => socket.end(answer + got));
           socket.on('error', () => {});
         }).listen(Number(port), '0.0.0.0', () => console.log('ready'));`,
        String(port),
        answer,
      ),
    answerUdp: (port, answer) =>
      server(
        `const [port, answer] = process.argv.slice(1);
         const socket = require('dgram').createSocket('udp4');
         socket.on('message', (message, peer) => socket.send(answer + message, peer.port, peer.address));
         socket.bind(Number(port), '0.0.0.0', () => console.log('ready'));`,
        String(port),
        answer,
      ),
    greetTcp: (port, greeting) =>
      server(
        `const [port, greeting] = process.argv.slice(1);
         require('net').createServer((socket) => socket.end(greeting)).listen(Number(port), () => console.log('ready'));`,
        String(port),
        greeting,
      ),
    listen: (address, port) =>
      text(
        start(
          `const [address, port] = process.argv.slice(1);
           require('net').connect(Number(port), address).pipe(process.stdout);`,
          address,
          String(port),
        ).stdout!,
      ),
    async ask(address, port, message) {
      const child = start(
        `const [address, port, message] = process.argv.slice(1);
         const socket = require('net').connect({ host: address, port: Number(port), allowHalfOpen: true, timeout: 700 });
         socket.on('timeout', () => process.exit(2));
         socket.on('error', () => process.exit(2));
         socket.on('connect', () => socket.setTimeout(0));
         socket.pipe(process.stdout);
         socket.end(message);`,
        address,
        String(port),
        message,
      );
      const exit = once(child, 'exit');
      const answer = await text(child.stdout!);
      const [code] = (await exit) as [number];
      return code === 0 ? answer : undefined;
    },
    async run(command, ...args) {
      const child = spawn('nsenter', [...enter, command, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
      const exit = once(child, 'exit');
      const output = await text(child.stdout);
      await exit;
      return output;
    },
  };
}
