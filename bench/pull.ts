/**
 * Pulling from a real registry on loopback (goals P1-P4, P6, P7 of performance.md 10): `porthole pull` (download, both
 * digests, blob kept, layer unpacked with its metadata) against `skopeo copy` to an OCI layout followed by `umoci raw unpack`, and
 * `buildah pull`. Contenders alternate in one run; medians. The registry's own CPU time counts for nobody.
 *
 * `node bench/pull.ts [nano|core|memory|download ...] [--rounds=N] [--on=FOLDER]`; needs Debian's docker-registry, skopeo, umoci
 * and buildah. `--on`: another file system than /dev/shm; used trees are then moved aside and deleted at the end.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { startLoopbackRegistry } from '../scripts/loopback-registry.ts';
import { compare, measure } from './contenders.ts';
import type { Contender, Place } from './contenders.ts';
import { benchCache, benchImage } from './images.ts';
import type { BenchImage, BenchImageName } from './images.ts';

interface Bench extends Place {
  readonly address: string;
  readonly program: string;
}

const skopeoCopy = 'skopeo copy -q --src-tls-verify=false --override-os=windows';

function ours(bench: Bench, name: BenchImageName, what: 'pull' | 'download' = 'pull'): Contender {
  return {
    name: `porthole ${what}`,
    command: `"${process.execPath}" ${bench.program} ${what} "$1" ${bench.address}/bench/${name}:latest`,
  };
}

function skopeoAndUmoci(bench: Bench, name: BenchImageName): Contender {
  return {
    name: 'skopeo + umoci',
    command:
      `${skopeoCopy} docker://${bench.address}/bench/${name}:latest "oci:$1/oci:latest" && ` +
      `umoci raw unpack --image "$1/oci:latest" "$1/rootfs"`,
  };
}

function buildah(bench: Bench, name: BenchImageName): Contender {
  return {
    name: 'buildah pull',
    command:
      `buildah --root "$1/root" --runroot "$1/run" --storage-driver=vfs pull -q --tls-verify=false --os=windows ` +
      `docker://${bench.address}/bench/${name}:latest > "$1/id"; buildah --root "$1/root" --runroot "$1/run" --storage-driver=vfs rmi -a -f > "$1/removed" 2>&1 || true`,
  };
}

/** Throws unless the pulled base layer holds what tar makes of it, and the kept blob is the registry's. */
function verify(bench: Bench, image: BenchImage, name: BenchImageName): void {
  const root = join(bench.work, 'verify');
  mkdirSync(join(root, 'tar'), { recursive: true });
  run('bash', ['-c', ours(bench, name).command, 'bash', join(root, 'ours')]);
  run('tar', ['-x', '-C', join(root, 'tar'), '-f', image.tars[0]!, '--warning=no-unknown-keyword']);
  const layer = image.layers[0]!;
  for (const part of readdirSync(join(root, 'tar'))) {
    run('diff', [
      '-r',
      join(root, 'tar', part),
      join(root, 'ours/windowsfilter', layer.diffId.slice(7), part),
    ]);
  }
  run('cmp', [image.blobPath(layer.digest), join(root, 'ours/oci/blobs/sha256', layer.digest.slice(7))]);
  rmSync(root, { recursive: true, force: true });
}

function run(command: string, args: readonly string[]): void {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 26 });
  if (status !== 0) throw new Error(`${command} failed:\n${stdout.slice(0, 2000)}${stderr.slice(0, 2000)}`);
}

async function publish(address: string, name: BenchImageName): Promise<BenchImage> {
  const image = await benchImage(name);
  run('skopeo', [
    'copy',
    '-q',
    '--dest-tls-verify=false',
    `oci:${image.folder}:${image.tag}`,
    `docker://${address}/bench/${name}:latest`,
  ]);
  return image;
}

const goals: Record<string, (bench: Bench) => Promise<void>> = {
  async nano(bench) {
    verify(bench, await publish(bench.address, 'nano'), 'nano');
    const contenders = [skopeoAndUmoci(bench, 'nano'), ours(bench, 'nano')];
    compare(bench, 'P1, P3: nano', contenders, 5);
  },
  async core(bench) {
    await publish(bench.address, 'core');
    compare(bench, 'P2: core', [skopeoAndUmoci(bench, 'core'), ours(bench, 'core')], 3);
  },
  async buildah(bench) {
    await publish(bench.address, 'nano');
    compare(bench, 'P4: nano', [buildah(bench, 'nano'), ours(bench, 'nano')], 3);
  },
  async download(bench) {
    await publish(bench.address, 'core');
    const peer = {
      name: 'skopeo copy dir:',
      command: `${skopeoCopy} docker://${bench.address}/bench/core:latest "dir:$1/dir"`,
    };
    compare(bench, 'P7: download of core', [peer, ours(bench, 'core', 'download')], 3);
  },
  async memory(bench) {
    for (const name of ['nano', 'core'] as const) {
      await publish(bench.address, name);
      const { output } = measure(bench, ours(bench, name), 0);
      process.stdout.write(`\nP6: peak memory of pulling ${name}: ${(Number(output) / 1e6).toFixed(0)} MB\n`);
    }
  },
};

const args = process.argv.slice(2);
const option = (name: string): string | undefined =>
  args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3);
const wanted = args.filter((arg) => !arg.startsWith('--'));
mkdirSync(benchCache, { recursive: true });
const work = mkdtempSync(join(option('on') ?? '/dev/shm', 'porthole-pull-'));
const bundle = mkdtempSync(join(tmpdir(), 'porthole-pull-'));
const storage = mkdtempSync('/dev/shm/porthole-registry-');
const registry = await startLoopbackRegistry(storage);
try {
  const program = join(bundle, 'pull.mjs');
  await build({
    entryPoints: [join(import.meta.dirname, 'pull-program.ts')],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    minify: true,
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    logLevel: 'error',
  });
  const rounds = option('rounds') === undefined ? undefined : Number(option('rounds'));
  const bench = { address: registry.address, program, work, rounds };
  process.stdout.write(
    `load ${readFileSync('/proc/loadavg', 'utf8').split(' ')[0]}, on ${option('on') ?? '/dev/shm'}\n`,
  );
  for (const goal of wanted.length === 0 ? ['nano', 'core', 'memory'] : wanted) {
    const measureGoal = goals[goal];
    if (measureGoal === undefined) throw new Error(`unknown goal ${goal}: ${Object.keys(goals).join(', ')}`);
    await measureGoal(bench);
  }
} finally {
  await registry.stop();
  for (const folder of [work, bundle, storage]) rmSync(folder, { recursive: true, force: true });
}
