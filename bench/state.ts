/**
 * Goals C1 and C2 (performance.md 5, 10): many short processes on the state store, and writers killed in the middle.
 *
 * `node bench/state.ts [ROUNDS]`. The peer is node:sqlite (WAL, synchronous=NORMAL): better-sqlite3, which the goal names, needs
 * a download at install time; both run the same SQLite library. Runs alternate; medians.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { build } from 'esbuild';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileCollection } from '../src/state/file-collection.ts';

const processes = 50;
const changes = 20;
const rounds = Number(process.argv[2] ?? 3);
const root = mkdtempSync(join(tmpdir(), 'porthole-bench-state-'));
const program = join(root, 'state-program.cjs');
let folders = 0;

function newFolder(): string {
  folders += 1;
  const folder = join(root, `store-${folders}`);
  mkdirSync(folder);
  return folder;
}

function start(store: string, folder: string, name: string, count: number): ChildProcess {
  return spawn(process.execPath, ['--no-warnings', program, store, folder, name, String(count)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env['PATH'] },
  });
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => child.once('close', () => resolve()));
}

function counter(store: string, folder: string): number {
  if (store === 'files') {
    return fileCollection<{ n: number }>(folder, { noun: 'entry', format: 1 }).get('counter')?.value.n ?? 0;
  }
  using database = new DatabaseSync(join(folder, 'state.db'));
  return Number(database.prepare("SELECT n FROM entries WHERE key = 'counter'").get()?.['n'] ?? 0);
}

/** Wall seconds of all processes together. */
async function contention(store: string): Promise<number> {
  const folder = newFolder();
  const began = performance.now();
  await Promise.all(
    Array.from({ length: processes }, (_, n) => {
      const child = start(store, folder, `p${n}`, changes);
      child.stdout?.resume();
      return ended(child);
    }),
  );
  const seconds = (performance.now() - began) / 1000;
  const found = counter(store, folder);
  if (found !== processes * changes) throw new Error(`${store}: ${found} of ${processes * changes} changes`);
  return seconds;
}

interface StormResult {
  readonly kills: number;
  readonly confirmed: number;
  readonly found: number;
  readonly slowestMs: number;
  readonly temporaries: number;
}

/** Four writers at a time, each killed in the middle; then the time that the next process takes. */
async function storm(): Promise<StormResult> {
  const folder = newFolder();
  let confirmed = 0;
  let kills = 0;
  let slowestMs = 0;
  for (let round = 0; round < 12; round += 1) {
    const writers = Array.from({ length: 4 }, (_, n) => {
      const child = start('files', folder, `w${round}-${n}`, 0);
      let text = '';
      child.stdout?.setEncoding('utf8').on('data', (part: string) => (text += part));
      return { child, done: () => text.split('\n').length - 1 };
    });
    await Promise.all(
      writers.map(async ({ child }) => {
        await new Promise((resolve) => setTimeout(resolve, 80 + Math.random() * 120));
        child.kill('SIGKILL');
        kills += 1;
        await ended(child);
      }),
    );
    confirmed += writers.reduce((sum, writer) => sum + writer.done(), 0);
    const began = performance.now();
    const next = start('files', folder, 'next', 1);
    next.stdout?.resume();
    await ended(next);
    confirmed += 1;
    slowestMs = Math.max(slowestMs, performance.now() - began);
  }
  const temporaries = readdirSync(folder).filter((name) => name.endsWith('.tmp')).length;
  return { kills, confirmed, found: counter('files', folder), slowestMs, temporaries };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

try {
  await build({
    entryPoints: [join(import.meta.dirname, 'state-program.ts')],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node22.15',
    logLevel: 'error',
  });
  const files: number[] = [];
  const sqlite: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    sqlite.push(await contention('sqlite'));
    files.push(await contention('files'));
  }
  const killed = await storm();
  const ratio = median(files) / median(sqlite);
  console.log(`| goal | measured | peer | ratio | goal met |
|---|---|---|---|---|
| C1: ${processes} processes x ${changes} changes, none lost | ${median(files).toFixed(2)} s | node:sqlite ${median(sqlite).toFixed(2)} s | ${ratio.toFixed(2)} (<= 2.0) | ${ratio <= 2 ? 'yes' : 'no'} |
| C2: ${killed.kills} SIGKILLs, confirmed changes lost | ${Math.max(0, killed.confirmed - killed.found)} of ${killed.confirmed} | | 0 | ${killed.found >= killed.confirmed ? 'yes' : 'no'} |
| C2: slowest next command | ${killed.slowestMs.toFixed(0)} ms | | <= 500 ms | ${killed.slowestMs <= 500 ? 'yes' : 'no'} |

${killed.temporaries} temporaries were left by killed writers (swept a minute later). Counter ${killed.found}: a writer may be killed between a change and its confirmation.`);
} finally {
  rmSync(root, { recursive: true, force: true });
}
