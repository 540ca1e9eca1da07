/**
 * The port proxy against socat in the same run (goals N1 and N2, performance.md 8): one stream of 600 MB and 3,000 round trips,
 * A B A B ..., medians. Prints markdown. Usage: `node bench/proxy.ts [runs]`.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { bindPorts } from '../src/host/linux/port-listen.ts';
import { servePorts } from '../src/host/linux/port-proxy.ts';

const streamBytes = 600 * 1024 * 1024;
const pings = 3000;
const closes = 300;

/** The monitor's heap limits (src/monitor/launcher.ts). */
const nodeOptions = ['--max-semi-space-size=1', '--max-old-space-size=256', '--no-warnings'];

if (process.argv[2] === 'target') await target();
else if (process.argv[2] === 'porthole') await porthole(Number(process.argv[3]));
else await measure(Number(process.argv[2] ?? 3));

/** Echoes what comes in small pieces, counts what comes in large ones: the first byte chooses. */
async function target(): Promise<void> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket: Socket) => {
    let total = 0;
    let echoes = false;
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      if (total === 0) echoes = chunk[0] === 1;
      total += chunk.length;
      if (echoes) socket.write(chunk);
    });
    socket.on('end', () => socket.end(echoes ? '' : String(total)));
  });
  await listening(server);
}

async function porthole(port: number): Promise<void> {
  const bound = await bindPorts([{ protocol: 'tcp', hostIp: '127.0.0.1', hostPort: 0, containerPort: port }]);
  servePorts(bound, ['127.0.0.1']);
  console.log(bound[0]?.forward.hostPort);
}

async function listening(server: ReturnType<typeof createServer>): Promise<void> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  console.log((server.address() as AddressInfo).port);
}

interface Path {
  readonly name: string;
  readonly port: number;
  readonly process?: ChildProcess;
  readonly rates: number[];
  readonly trips: number[];
  readonly closes: number[];
}

async function measure(runs: number): Promise<void> {
  const self = process.argv[1]!;
  const server = await started(process.execPath, [self, 'target']);
  const proxy = await started(process.execPath, [...nodeOptions, self, 'porthole', String(server.port)]);
  const paths: Path[] = [
    { name: 'direct', ...server, rates: [], trips: [], closes: [] },
    { name: 'porthole', ...proxy, rates: [], trips: [], closes: [] },
    { name: 'socat', ...(await socat(server.port, [])), rates: [], trips: [], closes: [] },
    {
      name: 'socat -b 262144',
      ...(await socat(server.port, ['-b', '262144'])),
      rates: [],
      trips: [],
      closes: [],
    },
  ];
  try {
    for (let run = 0; run < runs; run += 1) {
      for (const path of paths) path.rates.push(await stream(path.port));
      for (const path of paths) path.trips.push(await roundTrips(path.port));
      for (const path of paths) path.closes.push(await connectAndClose(path.port));
    }
  } finally {
    for (const path of paths) path.process?.kill();
  }
  report(paths);
}

function report(paths: readonly Path[]): void {
  const [direct, ours, small, large] = paths as [Path, Path, Path, Path];
  console.log('| path | MB/s | p50 round trip, us | added, us | connect + close, us |');
  console.log('|---|---|---|---|---|');
  for (const path of paths) {
    const added = median(path.trips) - median(direct.trips);
    console.log(
      `| ${path.name} | ${median(path.rates).toFixed(0)} | ${median(path.trips).toFixed(0)} | ${added.toFixed(0)} | ${median(path.closes).toFixed(0)} |`,
    );
  }
  const ratio = (a: number, b: number): string => (a / b).toFixed(2);
  console.log();
  console.log('| goal | wanted | measured |');
  console.log('|---|---|---|');
  console.log(`| N1 one stream / socat | >= 1.20 | ${ratio(median(ours.rates), median(small.rates))} |`);
  console.log(
    `| N1 one stream / socat -b 262144 | >= 0.50 | ${ratio(median(ours.rates), median(large.rates))} |`,
  );
  console.log(
    `| N2 added round trip p50 | <= 120 us | ${(median(ours.trips) - median(direct.trips)).toFixed(0)} us |`,
  );
  console.log(
    `| N2 connect + close / socat | <= 1.00 | ${ratio(median(ours.closes), median(small.closes))} |`,
  );
}

async function started(
  command: string,
  args: readonly string[],
): Promise<{ port: number; process: ChildProcess }> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { port: Number(line.toString()), process: child };
}

/** socat does not tell its port: one that was free a moment ago is used. */
async function socat(
  to: number,
  options: readonly string[],
): Promise<{ port: number; process: ChildProcess }> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  const child = spawn('socat', [
    ...options,
    `TCP-LISTEN:${port},bind=127.0.0.1,fork,reuseaddr,backlog=1024,nodelay`,
    `TCP:127.0.0.1:${to},nodelay`,
  ]);
  for (let attempt = 0; attempt < 100; attempt += 1) {
    if (await answers(port)) return { port, process: child };
    await delay(20);
  }
  throw new Error('socat does not answer');
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** MB/s from the first byte sent to the target's count received. */
async function stream(port: number): Promise<number> {
  const chunk = Buffer.alloc(256 * 1024);
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  await once(socket, 'connect');
  const begin = process.hrtime.bigint();
  for (let sent = 0; sent < streamBytes; sent += chunk.length)
    if (!socket.write(chunk)) await once(socket, 'drain');
  socket.end();
  let answer = '';
  for await (const part of socket) answer += String(part);
  const seconds = Number(process.hrtime.bigint() - begin) / 1e9;
  if (Number(answer) !== streamBytes) throw new Error(`the target counted ${answer} of ${streamBytes} bytes`);
  return streamBytes / 1e6 / seconds;
}

/** Median of one-byte round trips in microseconds. */
async function roundTrips(port: number): Promise<number> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  const ping = Buffer.from([1]);
  const times: number[] = [];
  for (let index = 0; index < pings; index += 1) {
    const begin = process.hrtime.bigint();
    socket.write(ping);
    await once(socket, 'data');
    times.push(Number(process.hrtime.bigint() - begin) / 1e3);
  }
  socket.destroy();
  return median(times);
}

/** Median of connect, one byte there and back, end, in microseconds. */
async function connectAndClose(port: number): Promise<number> {
  const ping = Buffer.from([1]);
  const times: number[] = [];
  for (let index = 0; index < closes; index += 1) {
    const begin = process.hrtime.bigint();
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    socket.write(ping);
    await once(socket, 'data');
    socket.end();
    await once(socket, 'close');
    times.push(Number(process.hrtime.bigint() - begin) / 1e3);
  }
  return median(times);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
