/**
 * Goals B1 and B2 (performance.md 6, 10): walking, filtering and hashing a context of 20,001 files, against the docker client
 * that sends it to a stub and against `tar | sha256sum`. Alternating runs, medians.
 *
 * `node bench/context.ts [ROUNDS]`. The context lies in /dev/shm where there is one.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const packages = 200;
const filesPerPackage = 100;
const ignoreRules = 'node_modules\n**/*.md\n!src/pkg1/**/*.md\n';

function makeContext(folder: string): void {
  // Content that neither compresses nor repeats is not needed: nothing here compresses.
  const text = Buffer.alloc(64 * 1024, 'The quick brown fox jumps over the lazy dog. ');
  let made = 0;
  for (let pack = 0; pack < packages; pack++) {
    const parent = join(folder, pack % 2 === 0 ? 'src' : 'node_modules', `pkg${pack}`, 'lib');
    mkdirSync(parent, { recursive: true });
    for (let index = 0; index < filesPerPackage; index++) {
      const size = 512 + ((made * 7919) % 11_000);
      writeFileSync(join(parent, `file${index}.${index % 5 === 0 ? 'md' : 'js'}`), text.subarray(0, size));
      made++;
    }
  }
  writeFileSync(join(folder, 'Dockerfile'), 'FROM scratch\nCOPY . /\n');
}

/** Answers the docker client and swallows the context. */
async function startStub(socket: string): Promise<Server & { received: number }> {
  const server = Object.assign(
    createServer((request, response) => {
      response
        .setHeader('Api-Version', '1.50')
        .setHeader('Ostype', 'windows')
        .setHeader('Builder-Version', '1');
      let bytes = 0;
      request.on('data', (chunk: Buffer) => (bytes += chunk.length));
      request.on('end', () => {
        if (request.url?.includes('/build')) server.received = bytes;
        response.end(request.url?.includes('/build') ? '{"stream":"done\\n"}\n' : 'OK');
      });
    }),
    { received: 0 },
  );
  server.listen(socket);
  await once(server, 'listening');
  return server;
}

async function seconds(
  command: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<number> {
  const started = process.hrtime.bigint();
  const child = spawn(command, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`${command} ended with ${code}`);
  return Number(process.hrtime.bigint() - started) / 1e9;
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;

const rounds = Number(process.argv[2] ?? 5);
const work = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'porthole-bench-context-'));
try {
  const context = join(work, 'context');
  mkdirSync(context);
  makeContext(context);
  const socket = join(work, 'docker.sock');
  const stub = await startStub(socket);
  const docker = () =>
    seconds('docker', ['-H', `unix://${socket}`, 'build', '-q', context], {
      DOCKER_BUILDKIT: '0',
      DOCKER_CONFIG: work,
    });
  const ours = (...ignore: string[]) =>
    seconds(process.execPath, [join(import.meta.dirname, 'context-program.ts'), context, ...ignore]);
  const tar = () => seconds('sh', ['-c', `tar -C '${context}' -c . | sha256sum`]);

  const plain = { docker: [] as number[], tar: [] as number[], ours: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    plain.docker.push(await docker());
    plain.ours.push(await ours());
    plain.tar.push(await tar());
  }
  const sent = stub.received;
  writeFileSync(join(context, '.dockerignore'), ignoreRules);
  const ignored = { docker: [] as number[], ours: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    ignored.docker.push(await docker());
    ignored.ours.push(await ours(ignoreRules));
  }
  const ratio = (one: readonly number[], other: readonly number[]) =>
    (median(one) / median(other)).toFixed(2);
  const shown = (values: readonly number[]) => median(values).toFixed(2);
  process.stdout.write(
    [
      `context: ${packages * filesPerPackage + 1} files, ${sent} bytes sent by docker; with rules ${stub.received}`,
      `B1  docker ${shown(plain.docker)} s, tar|sha256sum ${shown(plain.tar)} s, porthole ${shown(plain.ours)} s`,
      `    vs docker ${ratio(plain.ours, plain.docker)} (goal 0.30), vs tar ${ratio(plain.ours, plain.tar)} (goal 1.8)`,
      `B2  docker ${shown(ignored.docker)} s, porthole ${shown(ignored.ours)} s`,
      `    vs docker ${ratio(ignored.ours, ignored.docker)} (goal 0.35)`,
      '',
    ].join('\n'),
  );
  stub.close();
} finally {
  rmSync(work, { recursive: true, force: true });
}
