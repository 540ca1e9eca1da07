/**
 * Goal P8 (performance.md 10): unpacking a local layer, with metadata sidecar and diffID check, against `umoci raw unpack`
 * and `pigz -dc | tar -x`. All three write to the same tmpfs, in turns; before any time counts, what Porthole wrote is
 * compared with what tar wrote.
 *
 * `node bench/unpack.ts [rounds]`; needs Debian's umoci, pigz and tar, and 2 GB of memory for /dev/shm.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { benchCache, benchImage } from './images.ts';
import type { BenchImage, BenchImageName } from './images.ts';

interface Times {
  /** Seconds. */
  readonly wall: number;
  readonly cpu: number;
}

interface Contender {
  readonly name: string;
  /** A bash command that unpacks into `$1`, which does not exist yet. */
  readonly command: string;
}

function contenders(image: BenchImage, program: string): Contender[] {
  const blobs = image.layers.map((layer) => image.blobPath(layer.digest));
  const inflate = image.layers[0]!.mediaType.endsWith('zstd') ? 'zstd -dc' : 'pigz -dc';
  const pipes = blobs.map((blob) => `${inflate} ${blob} | tar -x -C "$1" --warning=no-unknown-keyword`);
  const quotedBlobs = blobs.join(' ');
  return [
    { name: 'umoci raw unpack', command: `umoci raw unpack --image ${image.folder}:${image.tag} "$1"` },
    { name: `${inflate} | tar -x`, command: `mkdir "$1" && ${pipes.join(' && ')}` },
    { name: 'porthole', command: `"${process.execPath}" ${program} "$1" ${quotedBlobs}` },
  ];
}

/** Bash's own clock, so that every contender pays the same for being measured. */
function measure({ name, command }: Contender, target: string): Times {
  const script = `TIMEFORMAT='%R %U %S'; time { ${command}; }`;
  const env = { ...process.env };
  delete env['NODE_EXTRA_CA_CERTS'];
  const { status, stderr } = spawnSync('bash', ['-c', script, 'bash', target], { encoding: 'utf8', env });
  const [wall, user, system] = (stderr.trim().split('\n').at(-1) ?? '').split(' ').map(Number);
  if (status !== 0 || wall === undefined || user === undefined || system === undefined)
    throw new Error(`${name} failed: ${stderr}`);
  return { wall, cpu: user + system };
}

/** Throws unless Porthole's layer folders hold exactly what tar wrote. Child layers differ from one merged tree by design. */
function verify(image: BenchImage, program: string, work: string): void {
  const ours = join(work, 'ours');
  const blob = image.blobPath(image.layers[0]!.digest);
  run(process.execPath, [program, ours, blob]);
  const theirs = join(work, 'theirs');
  mkdirSync(theirs);
  run('tar', ['-x', '-C', theirs, '-f', image.tars[0]!, '--warning=no-unknown-keyword']);
  const layer = join(ours, 'windowsfilter', image.layers[0]!.diffId.slice('sha256:'.length));
  for (const root of ['Files', 'Hives', 'UtilityVM'])
    run('diff', ['-r', join(theirs, root), join(layer, root)]);
  for (const folder of [ours, theirs]) rmSync(folder, { recursive: true });
}

function run(command: string, args: readonly string[]): void {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0)
    throw new Error(`${command} ${args[0] ?? ''} failed:\n${stdout.slice(0, 2000)}${stderr.slice(0, 2000)}`);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

async function bench(name: BenchImageName, rounds: number): Promise<void> {
  mkdirSync(benchCache, { recursive: true });
  const image = await benchImage(name);
  const work = mkdtempSync(join('/dev/shm', 'porthole-bench-'));
  const bundle = mkdtempSync(join(tmpdir(), 'porthole-bench-'));
  const program = join(bundle, 'unpack.mjs');
  try {
    await build({
      entryPoints: [join(import.meta.dirname, 'unpack-program.ts')],
      outfile: program,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node22',
      logLevel: 'error',
    });
    verify(image, program, work);
    const all = contenders(image, program);
    const times = new Map<string, Times[]>(all.map((contender) => [contender.name, []]));
    for (let round = 0; round < rounds; round += 1) {
      for (const contender of all) {
        const target = join(work, 'out');
        times.get(contender.name)!.push(measure(contender, target));
        rmSync(target, { recursive: true });
      }
    }
    report(name, rounds, times);
  } finally {
    rmSync(work, { recursive: true, force: true });
    rmSync(bundle, { recursive: true, force: true });
  }
}

function report(name: string, rounds: number, times: ReadonlyMap<string, readonly Times[]>): void {
  const medians = [...times].map(([contender, values]) => ({
    contender,
    wall: median(values.map((value) => value.wall)),
    cpu: median(values.map((value) => value.cpu)),
  }));
  const ours = medians.at(-1)!;
  process.stdout.write(`${name}, ${rounds} rounds, medians; same content as tar: yes\n`);
  for (const { contender, wall, cpu } of medians) {
    const ratio = `porthole is ${(ours.wall / wall).toFixed(2)}x wall, ${(ours.cpu / cpu).toFixed(2)}x CPU`;
    process.stdout.write(
      `${contender.padEnd(20)} ${wall.toFixed(2)} s wall ${cpu.toFixed(2)} s CPU   ${ratio}\n`,
    );
  }
}

await bench('nano', Number(process.argv[2] ?? 5));
