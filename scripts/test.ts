/**
 * `npm test`: everything that CI runs, each step named. The last line is `N passed, N failed, N skipped`, summed from mocha's
 * own counts; a failing check (types, lint, build) counts as one failure.
 *
 * Steps that do not need each other run side by side, as many as there are processors, because most of them wait a lot; what
 * a step prints comes in one piece when it has ended. `npm test -- --quick` leaves out the steps that start Wine.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { installMissing, mainJobPackages, testPackages } from './debian-packages.ts';

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
  skips: string[];
}

/** A program of the run. Resolves when its output has been printed. */
type Step = () => Promise<void>;

const root = resolve(import.meta.dirname, '..');
const quick = process.argv.includes('--quick');
const scratch = mkdtempSync(join(tmpdir(), 'porthole-test-'));
const total: Counts = { passed: 0, failed: 0, skipped: 0, skips: [] };
/** Files of what the steps that run have printed so far, by their titles. */
const running = new Map<string, string>();

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    // Whoever ends a run that hangs wants to know where it hung.
    for (const [title, output] of running)
      writeSync(1, `\n== ${title}, so far\n${readFileSync(output, 'utf8')}== ${title}: ended by ${signal}\n`);
    rmSync(scratch, { recursive: true, force: true });
    process.kill(process.pid, signal);
  });
}

async function run(
  title: string,
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<boolean> {
  process.stdout.write(`== ${title}: begins\n`);
  const started = Date.now();
  // A file, not a pipe: what a failed test left running cannot keep it open.
  const outputFile = join(scratch, `${title.replaceAll(' ', '-')}.log`);
  const output = openSync(outputFile, 'w');
  running.set(title, outputFile);
  const child = spawn(command, args, {
    cwd: root,
    stdio: ['ignore', output, output],
    env: { ...process.env, ...env, NODE_EXTRA_CA_CERTS: '', FORCE_COLOR: '0' },
  });
  const ok = await once(child, 'exit').then(
    ([code]) => code === 0,
    (error: unknown) => {
      writeSync(output, `${String(error)}\n`);
      return false;
    },
  );
  closeSync(output);
  running.delete(title);
  const seconds = ((Date.now() - started) / 1000).toFixed(0);
  process.stdout.write(`\n== ${title}\n`);
  process.stdout.write(readFileSync(outputFile));
  process.stdout.write(`== ${title}: ${ok ? 'ok' : 'FAILED'} (${seconds} s)\n`);
  return ok;
}

const check =
  (title: string, command: string, args: readonly string[]): Step =>
  async () => {
    if (!(await run(title, command, args))) total.failed += 1;
  };

/** A mocha process of its own, so that a crash of one suite costs only that suite. */
const mocha =
  (title: string, patterns: readonly string[], options: readonly string[] = []): Step =>
  async () => {
    const countsFile = join(scratch, `${title.replaceAll(' ', '-')}.jsonl`);
    const ok = await run(
      title,
      process.execPath,
      [
        join(root, 'node_modules/mocha/bin/mocha.js'),
        '--no-config',
        '--forbid-only',
        // A failed test may leave a child or a socket behind: the counts must come all the same.
        '--exit',
        '--reporter',
        join(root, 'scripts/mocha-reporter.cjs'),
        ...options,
        ...patterns,
      ],
      { PORTHOLE_TEST_COUNTS: countsFile },
    );
    if (!existsSync(countsFile)) {
      total.failed += 1;
      process.stdout.write(`${title}: mocha ended without its counts\n`);
      return;
    }
    let failed = 0;
    for (const line of readFileSync(countsFile, 'utf8').trim().split('\n')) {
      const counts = JSON.parse(line) as Counts;
      total.passed += counts.passed;
      failed += counts.failed;
      total.skipped += counts.skipped;
      total.skips.push(...counts.skips);
    }
    total.failed += failed === 0 && !ok ? 1 : failed;
  };

const sequence =
  (...steps: readonly Step[]): Step =>
  async () => {
    for (const step of steps) await step();
  };

/** All of them, the first ones first, on so many lanes. */
async function sideBySide(lanes: number, steps: readonly Step[]): Promise<void> {
  const waiting = [...steps];
  const lane = async (): Promise<void> => {
    for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) await step();
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

const ready = process.platform !== 'linux' || installMissing([...mainJobPackages, ...testPackages]);
if (!ready) process.stdout.write('Tests that need what is missing will be skipped, each with its reason.\n');

const bin = (name: string): string => join(root, 'node_modules', name);
const node = process.execPath;
const lanes = Math.min(availableParallelism(), 4);
await sideBySide(lanes + 1, [
  // It waits for the network, mostly.
  ...(quick ? [] : [check('windows programs', 'npm', ['run', '--silent', 'programs'])]),
  check('eslint', node, [bin('eslint/bin/eslint.js'), '.']),
  sequence(
    check('types', node, [bin('typescript/bin/tsc'), '--noEmit']),
    check('prettier', node, [bin('prettier/bin/prettier.cjs'), '--check', '--log-level', 'warn', '.']),
    check('build', node, ['scripts/build.ts']),
    mocha(
      'unit tests',
      ['test/**/*.test.ts'],
      [
        ...['test/e2e/**', 'test/host/linux/**', 'test/host/windows/rig/**'].flatMap((path) => [
          '--ignore',
          path,
        ]),
        ...['--timeout', '20000'],
      ],
    ),
  ),
]);
if (!quick) {
  // The longest first.
  await sideBySide(lanes, [
    mocha('end to end', ['test/e2e/**/*.test.ts'], ['--timeout', '300000']),
    mocha('windows backend', ['test/host/windows/rig/**/*.test.ts'], ['--timeout', '120000']),
    mocha('linux backend', ['test/host/linux/**/*.test.ts'], ['--timeout', '120000']),
  ]);
}

rmSync(scratch, { recursive: true, force: true });
if (total.skips.length > 0)
  process.stdout.write(`\nSkipped:\n${total.skips.map((title) => `  ${title}\n`).join('')}`);
process.stdout.write(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`);
process.exitCode = total.failed === 0 ? 0 : 1;
