/**
 * Goal M1 (performance.md 10): memory and wake-ups of the monitor of an idle container, against a bare Node process that
 * listens on a socket. Also the times of this room: `run` of a program that ends at once, `exec` into a running container.
 *
 * `npm run build && node bench/monitor.ts DATA-ROOT IMAGE`: a data root that has the image (scripts/quickstart.ts makes one).
 * Wake-ups are system calls of any of its threads in ten seconds, seen by strace.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const [dataRoot = '', image = ''] = process.argv.slice(2);
if (dataRoot === '' || image === '') throw new Error('usage: node bench/monitor.ts DATA-ROOT IMAGE');
const entry = join(import.meta.dirname, '..', 'bin', 'run.js');
const name = `bench-monitor-${process.pid}`;
const repeats = 7;

function porthole(...args: string[]): string {
  return execFileSync(process.execPath, [entry, ...args], {
    encoding: 'utf8',
    env: { ...process.env, PORTHOLE_DATA_ROOT: dataRoot },
  }).trim();
}

function memory(pid: number): { readonly rss: number; readonly own: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  const field = (key: string): number =>
    Number(new RegExp(`${key}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1000;
  return { rss: field('VmRSS'), own: field('RssAnon') };
}

async function wakeUps(pid: number, milliseconds: number): Promise<number | undefined> {
  if (spawnSync('strace', ['-V']).error !== undefined) return undefined;
  const tracer = spawn('strace', ['-f', '-qq', '-p', String(pid)], { stdio: ['ignore', 'ignore', 'pipe'] });
  let text = '';
  tracer.stderr.setEncoding('latin1').on('data', (part: string) => (text += part));
  await pause(milliseconds);
  tracer.kill('SIGINT');
  await new Promise((resolve) => tracer.once('close', resolve));
  // What was under way when the tracer came is not a wake-up: those lines stay unfinished.
  return text.split('\n').filter((line) => / = /.test(line) && !/ERESTART|attached|detached/.test(line))
    .length;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function medianSeconds(action: () => void): number {
  const times = Array.from({ length: repeats }, () => {
    const began = performance.now();
    action();
    return (performance.now() - began) / 1000;
  });
  return times.toSorted((a, b) => a - b)[Math.floor(repeats / 2)]!;
}

const socket = join(tmpdir(), `${name}.sock`);
const bare = spawn(process.execPath, [
  '-e',
  `require('net').createServer(() => {}).listen(${JSON.stringify(socket)})`,
]);
try {
  const id = porthole('run', '-d', '--name', name, image, 'cmd', '/c', 'ping -n 3600 127.0.0.1 >nul');
  const lock = join(dataRoot, 'locks', `container-${id}.monitor`);
  const pid = Number(readlinkSync(lock).split(' ')[0]);
  await pause(5000);
  const monitor = memory(pid);
  const peer = memory(bare.pid ?? 0);
  const wakes = await wakeUps(pid, 10_000);
  const exec = medianSeconds(() => porthole('exec', name, 'cmd', '/c', 'exit 0'));
  const run = medianSeconds(() => porthole('run', '--rm', image, 'cmd', '/c', 'echo hi'));
  console.log(`| goal | measured | peer | goal met |
|---|---|---|---|
| M1: RSS of an idle monitor <= 60 MB | ${monitor.rss.toFixed(1)} MB (own ${monitor.own.toFixed(1)}) | bare Node ${peer.rss.toFixed(1)} MB (own ${peer.own.toFixed(1)}) | ${monitor.rss <= 60 ? 'yes' : 'no'} |
| M1: wake-ups in 10 s | ${wakes ?? 'strace is missing'} | | ${wakes === 0 ? 'yes' : 'no'} |
| exec into a running container <= 0.25 s | ${exec.toFixed(3)} s | | ${exec <= 0.25 ? 'yes' : 'no'} |
| run --rm of \`cmd /c echo hi\` | ${run.toFixed(2)} s | | |`);
} finally {
  bare.kill();
  rmSync(socket, { force: true });
  porthole('rm', '-f', name);
}
