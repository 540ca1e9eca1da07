/** Commands that do the same, measured in turns in one run. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

export interface Place {
  /** Folder on the file system that is measured. */
  readonly work: string;
  readonly rounds: number | undefined;
}

export interface Contender {
  readonly name: string;
  /** A bash command that fills the folder `$1`, which is there and empty. */
  readonly command: string;
}

export interface Sample {
  /** Seconds. */
  readonly wall: number;
  readonly cpu: number;
  readonly output: string;
}

export function measure(bench: Place, { name, command }: Contender, round: number): Sample {
  const target = join(bench.work, `${name.replaceAll(/\W/g, '-')}-${round}`);
  mkdirSync(target);
  const script = `set -eo pipefail; TIMEFORMAT='%R %U %S'; time { ${command}; }`;
  const env = { ...process.env };
  delete env['NODE_EXTRA_CA_CERTS'];
  const { status, stdout, stderr } = spawnSync('bash', ['-c', script, 'bash', target], {
    encoding: 'utf8',
    env,
  });
  const [wall, user, system] = (stderr.trim().split('\n').at(-1) ?? '').split(' ').map(Number);
  if (status !== 0 || wall === undefined || user === undefined || system === undefined) {
    throw new Error(`${name} failed: ${stderr}`);
  }
  // On a disk file system the deletion would slow the next creation for a minute (performance.md 1.10).
  if (bench.work.startsWith('/dev/shm')) rmSync(target, { recursive: true, force: true });
  else renameSync(target, join(bench.work, 'aside', `${name.replaceAll(/\W/g, '-')}-${round}`));
  return { wall, cpu: user + system, output: stdout };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

/** Runs the contenders in turns and prints a markdown table; the first is the one that the ratios are against. */
export function compare(bench: Place, title: string, contenders: readonly Contender[], rounds: number): void {
  const samples = new Map<string, Sample[]>(contenders.map(({ name }) => [name, []]));
  mkdirSync(join(bench.work, 'aside'), { recursive: true });
  for (let round = 0; round < (bench.rounds ?? rounds); round += 1) {
    for (const contender of contenders) samples.get(contender.name)!.push(measure(bench, contender, round));
  }
  const peer = samples.get(contenders[0]!.name)!;
  const base = {
    wall: median(peer.map((sample) => sample.wall)),
    cpu: median(peer.map((sample) => sample.cpu)),
  };
  const lines = [
    `\n${title}, ${bench.rounds ?? rounds} rounds, medians`,
    '',
    '| contender | wall s | ratio | CPU s | ratio |',
    '|---|---|---|---|---|',
  ];
  for (const [name, values] of samples) {
    const wall = median(values.map((sample) => sample.wall));
    const cpu = median(values.map((sample) => sample.cpu));
    lines.push(
      `| ${name} | ${wall.toFixed(2)} | ${(wall / base.wall).toFixed(2)} | ${cpu.toFixed(2)} | ${(cpu / base.cpu).toFixed(2)} |`,
    );
  }
  process.stdout.write(`${lines.join('\n')}\n`);
  rmSync(join(bench.work, 'aside'), { recursive: true, force: true });
}
