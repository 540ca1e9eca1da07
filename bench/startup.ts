/**
 * Goals S1, S2, S3 and S5 (performance.md 4, 10): what starting costs, against a bare Node.js, the docker client talking to a
 * stub on a unix socket, and podman where it is installed. All of a round run one after the other, so that a busy moment hits
 * all alike; medians of wall time, and CPU time (user and system) of all rounds together, which a busy machine disturbs less.
 *
 * `node bench/startup.ts [ROUNDS]`, after `npm run build`. State lies in /dev/shm where there is one.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { writeStateRecord, readStateRecord } from '../src/state/container-files.ts';
import { ownIdentity } from '../src/state/process-identity.ts';
import { aCreateRequest } from '../test/support/create-request.ts';

const rounds = Number(process.argv[2] ?? 30);
const cli = resolve(import.meta.dirname, '../bin/run.js');
if (!existsSync(resolve(import.meta.dirname, '../dist/hot')))
  throw new Error('dist/ is not built: npm run build');
if (existsSync('/dev/shm')) process.env['TMPDIR'] = '/dev/shm';
const { memoryEngine } = await import('../test/support/memory-engine.ts');

const environment: NodeJS.ProcessEnv = {
  ...process.env,
  NODE_EXTRA_CA_CERTS: undefined,
  NODE_OPTIONS: undefined,
};

/** Containers made by the engine itself, of which the last are said to run in this process. */
async function stateOf(count: number, running: number) {
  const engine = memoryEngine();
  for (let index = 0; index < count; index++) {
    const request = aCreateRequest({
      Image: 'app',
      Cmd: ['ServiceMonitor.exe', 'w3svc'],
      Labels: { index: String(index) },
    });
    const { Id } = await engine.containers.create(request, { name: `web-${index}` });
    if (index < count - running) continue;
    const startedAt = new Date(Date.now() - index * 60_000).toISOString();
    writeStateRecord(engine.paths, Id, readStateRecord(engine.paths, Id)!, {
      phase: 'running',
      owner: ownIdentity(),
      run: 1,
      pid: process.pid,
      startedAt,
      bound: [{ hostIp: '0.0.0.0', hostPort: 20_000 + index, containerPort: 80, protocol: 'tcp' }],
    });
  }
  return { paths: engine.paths, list: await engine.containers.list({ all: true }) };
}

interface Candidate {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

interface Measured {
  readonly wall: number;
  readonly cpu: number;
}

/** CPU time of all children so far, in milliseconds: fields 16 and 17 of /proc/self/stat, 10 ms a tick. */
function childrenCpu(): number {
  const stat = readFileSync('/proc/self/stat', 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[13]) + Number(fields[14])) * 10;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

function measure(candidates: readonly Candidate[]): Map<string, Measured> {
  const walls = new Map(candidates.map(({ name }) => [name, [] as number[]]));
  const cpus = new Map(candidates.map(({ name }) => [name, 0]));
  for (let round = -2; round < rounds; round++) {
    for (const { name, command, args, env } of candidates) {
      const before = childrenCpu();
      const started = process.hrtime.bigint();
      const ended = spawnSync(command, args, {
        env: { ...environment, ...env },
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      const wall = Number(process.hrtime.bigint() - started) / 1e6;
      if (ended.error) throw ended.error;
      // The first rounds fill caches: the kernel's and V8's.
      if (round < 0) continue;
      walls.get(name)!.push(wall);
      cpus.set(name, cpus.get(name)! + childrenCpu() - before);
    }
  }
  return new Map(
    candidates.map(({ name }) => [name, { wall: median(walls.get(name)!), cpu: cpus.get(name)! / rounds }]),
  );
}

const work = mkdtempSync(join(process.env['TMPDIR'] ?? tmpdir(), 'porthole-startup-'));
const few = await stateOf(50, 50);
const many = await stateOf(1000, 50);
const socket = join(work, 'docker.sock');
const stub = new Worker(new URL('./docker-stub.ts', import.meta.url), {
  workerData: { socket, containers: few.list },
});
await new Promise((listening) => stub.once('message', listening));
const has = (program: string): boolean => !spawnSync(program, ['--version'], { stdio: 'ignore' }).error;

const porthole = (
  name: string,
  words: string,
  root = few.paths.root,
  env: Record<string, string> = {},
): Candidate => ({
  name,
  command: process.execPath,
  args: [cli, ...words.split(' ')],
  env: { PORTHOLE_DATA_ROOT: root, ...env },
});
const candidates: Candidate[] = [
  { name: 'bare', command: process.execPath, args: ['-e', '0'] },
  porthole('ps', 'ps'),
  porthole('images', 'images'),
  porthole('inspect', `inspect ${few.list[7]!.Id}`),
  porthole('version', 'version'),
  porthole('port', `port ${few.list[7]!.Id.slice(0, 12)}`),
  porthole('create', 'create --pull never nope'),
  porthole('tag', 'tag nope other'),
  porthole('network ls', 'network ls'),
  porthole('--help', '--help'),
  porthole('ps --help', 'ps --help'),
  porthole('ps, 1,000', 'ps', many.paths.root),
  porthole('ps, no V8 cache', 'ps', few.paths.root, { NODE_DISABLE_COMPILE_CACHE: '1' }),
  ...(has('docker')
    ? [
        {
          name: 'docker ps',
          command: 'docker',
          args: ['-H', `unix://${socket}`, 'ps'],
          env: { DOCKER_CONFIG: work },
        },
      ]
    : []),
  ...(has('podman') ? [{ name: 'podman ps', command: 'podman', args: ['ps'] }] : []),
];

try {
  const measured = measure(candidates);
  const bare = measured.get('bare')!;
  const rows: string[] = [];
  const row = (goal: string, name: string, peerName: string, limit: number): void => {
    const ours = measured.get(name)!;
    const peer = measured.get(peerName);
    if (!peer) return;
    const wall = ours.wall / peer.wall;
    const cpu = ours.cpu / peer.cpu;
    const met = wall <= limit ? 'yes' : cpu <= limit ? 'by CPU time' : 'no';
    rows.push(
      `| ${goal} | ${name} | ${ours.wall.toFixed(0)} ms, ${ours.cpu.toFixed(0)} ms CPU | ${peerName} ${peer.wall.toFixed(0)} ms, ${peer.cpu.toFixed(0)} ms CPU | ${wall.toFixed(2)} (CPU ${cpu.toFixed(2)}) | <= ${limit} | ${met} |`,
    );
  };
  for (const name of ['ps', 'images', 'inspect', 'version', 'port']) row('S1', name, 'bare', 1.5);
  row('S2', 'ps', 'docker ps', 2.2);
  row('S2', 'ps', 'podman ps', 1.4);
  for (const name of ['create', 'tag', 'network ls']) row('S3', name, 'bare', 3.2);
  for (const name of ['--help', 'ps --help']) row('S3', name, 'bare', 4.5);
  row('S5', 'ps, 1,000', 'bare', 2.0);
  row('', 'ps, no V8 cache', 'bare', 1.5);
  console.log(`Node.js ${process.versions.node}, ${rounds} rounds, bare start ${bare.wall.toFixed(0)} ms.

| goal | command | Porthole | peer | ratio | goal | met |
|---|---|---|---|---|---|---|
${rows.join('\n')}`);
} finally {
  await stub.terminate();
  for (const folder of [work, few.paths.root, many.paths.root])
    rmSync(folder, { recursive: true, force: true });
}
