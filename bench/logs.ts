/**
 * Goal G1 (performance.md 8, 10): a container's output to its json-file log, against `cat` to a file and against one
 * JSON.stringify and write a line. 285 MB, 3 million lines of 95 bytes, LF and CRLF; alternating runs, medians.
 *
 * `node bench/logs.ts [ROUNDS]`. Files lie in /dev/shm where there is one, so that the disk is not what is measured.
 */
import { spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';

const rounds = Number(process.argv[2] ?? 3);
const lines = 3_000_000;
const lineLength = 95;
const root = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'porthole-bench-logs-'));
const program = join(root, 'logs-program.cjs');
const monitorFlags = [
  '--max-semi-space-size=1',
  '--no-opt',
  '--no-maglev',
  '--no-sparkplug',
  '--no-warnings',
];

function makeInput(name: string, end: string): string {
  const path = join(root, name);
  const text =
    'GET /api/items/1234567 200 12ms user=0f3a agent=curl '.padEnd(lineLength - end.length, 'x') + end;
  const block = Buffer.from(text.repeat(10_000));
  const descriptor = openSync(path, 'w');
  for (let n = 0; n < lines / 10_000; n += 1) writeSync(descriptor, block);
  closeSync(descriptor);
  return path;
}

/** Seconds of `command` with a pipe from `cat input`. */
function run(input: string, output: string, command: readonly string[]): Promise<number> {
  rmSync(output, { force: true });
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const shell = spawn('/bin/sh', ['-c', 'cat "$0" | "$@"', input, ...command], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    shell.once('close', (code) => {
      if (code === 0) resolve((performance.now() - began) / 1000);
      else reject(new Error(`${command.join(' ')} ended with ${code}`));
    });
  });
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

try {
  await build({
    entryPoints: [join(import.meta.dirname, 'logs-program.ts')],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node22.15',
    logLevel: 'error',
  });
  console.log(
    '| output of 285 MB | monitor | `cat` to a file | ratio (>= 0.2) | readline | ratio (>= 4) | lines/s | goal met |',
  );
  console.log('|---|---|---|---|---|---|---|---|');
  for (const [title, end] of [
    ['LF', '\n'],
    ['CRLF', '\r\n'],
  ] as const) {
    const input = makeInput(`input-${title}`, end);
    const output = join(root, 'output');
    const times = { monitor: [] as number[], cat: [] as number[], readline: [] as number[] };
    for (let round = 0; round < rounds; round += 1) {
      times.cat.push(await run(input, output, ['/bin/sh', '-c', `cat > "${output}"`]));
      times.monitor.push(
        await run(input, output, [process.execPath, ...monitorFlags, program, 'monitor', output]),
      );
      if (statSync(output).size < lines * (lineLength + 50)) throw new Error('the log is not whole');
      // The baseline takes ten times as long: a third of the input is enough.
      truncateSync(input, (lines * lineLength) / 3);
      times.readline.push(3 * (await run(input, output, [process.execPath, program, 'readline', output])));
      makeInput(`input-${title}`, end);
    }
    const rate = (seconds: readonly number[]): number => (lines * lineLength) / 1e6 / median(seconds);
    const monitor = rate(times.monitor);
    const ratios = [monitor / rate(times.cat), monitor / rate(times.readline)] as const;
    console.log(
      `| ${title} | ${monitor.toFixed(0)} MB/s | ${rate(times.cat).toFixed(0)} MB/s | ${ratios[0].toFixed(2)} | ` +
        `${rate(times.readline).toFixed(0)} MB/s | ${ratios[1].toFixed(1)} | ` +
        `${(lines / median(times.monitor) / 1e6).toFixed(2)} M | ${ratios[0] >= 0.2 && ratios[1] >= 4 ? 'yes' : 'no'} |`,
    );
    rmSync(input);
  }
} finally {
  rmSync(root, { recursive: true, force: true });
}
