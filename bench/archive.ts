/**
 * Archives of the nano image: `porthole save` against `skopeo copy` to a docker-archive, and `porthole load` (both digests, blob
 * kept, layer unpacked with its metadata) against `skopeo copy` from a docker-archive followed by `umoci raw unpack`. Whole
 * commands; contenders alternate in one run; medians. Each side loads what it saved.
 *
 * `node bench/archive.ts [--rounds=N] [--on=FOLDER]` after `npm run build`; needs Debian's skopeo and umoci.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { compare } from './contenders.ts';
import { benchCache, benchImage } from './images.ts';

const args = process.argv.slice(2);
const option = (name: string): string | undefined =>
  args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3);
const rounds = option('rounds') === undefined ? undefined : Number(option('rounds'));

function run(command: string, ...words: string[]): void {
  const { status, stderr } = spawnSync(command, words, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${words.join(' ')}: ${stderr}`);
}

mkdirSync(benchCache, { recursive: true });
const image = await benchImage('nano');
const work = mkdtempSync(join(option('on') ?? '/dev/shm', 'porthole-archive-'));
try {
  const kept = join(work, 'kept');
  mkdirSync(kept);
  const [ours, theirs, layout] = [join(kept, 'ours.tar'), join(kept, 'theirs.tar'), join(kept, 'layout.tar')];
  const porthole = `"${process.execPath}" "${join(import.meta.dirname, '..', 'bin', 'run.js')}"`;
  const data = join(kept, 'data');
  const source = `oci:${image.folder}:${image.tag}`;
  const saving = (root: string, to: string): string =>
    `PORTHOLE_DATA_ROOT="${root}" ${porthole} save -o "${to}" nano:1`;
  const loading = (root: string, from: string): string =>
    `PORTHOLE_DATA_ROOT="${root}" ${porthole} load -q -i "${from}"`;
  run('skopeo', 'copy', '-q', source, `oci-archive:${layout}:nano:1`);
  run('skopeo', 'copy', '-q', source, `docker-archive:${theirs}:nano:1`);
  run('bash', '-c', `${loading(data, layout)} && ${saving(data, ours)}`);
  rmSync(layout);
  process.stdout.write(
    `load ${readFileSync('/proc/loadavg', 'utf8').split(' ')[0]}, on ${option('on') ?? '/dev/shm'}\n`,
  );
  compare(
    { work, rounds },
    'save of nano',
    [
      {
        name: 'skopeo copy to docker-archive',
        command: `skopeo copy -q "${source}" "docker-archive:$1/a.tar:nano:1"`,
      },
      { name: 'porthole save', command: saving(data, '$1/a.tar') },
    ],
    5,
  );
  const unpacking = 'umoci raw unpack --image "$1/oci:latest" "$1/rootfs"';
  compare(
    { work, rounds },
    'load of nano',
    [
      {
        name: 'skopeo copy from docker-archive + umoci',
        command: `skopeo copy -q "docker-archive:${theirs}" "oci:$1/oci:latest" && ${unpacking}`,
      },
      { name: 'porthole load', command: loading('$1', ours) },
      { name: 'porthole load of the same docker-archive', command: loading('$1', theirs) },
    ],
    5,
  );
} finally {
  rmSync(work, { recursive: true, force: true });
}
