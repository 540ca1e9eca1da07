/**
 * `npm test`: everything that CI runs, in order, each step named. The last line is `N passed, N failed, N skipped`, summed
 * from mocha's own counts; a failing check (types, lint, build) counts as one failure.
 *
 * `npm test -- --quick` leaves out the steps that start Wine.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { installMissing, mainJobPackages, testPackages } from './debian-packages.ts';

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
  skips: string[];
}

const root = resolve(import.meta.dirname, '..');
const quick = process.argv.includes('--quick');
const scratch = mkdtempSync(join(tmpdir(), 'porthole-test-'));
const countsFile = join(scratch, 'counts.jsonl');
const total: Counts = { passed: 0, failed: 0, skipped: 0, skips: [] };

function run(title: string, command: string, args: readonly string[]): boolean {
  process.stdout.write(`\n== ${title}\n`);
  const started = Date.now();
  const result = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, PORTHOLE_TEST_COUNTS: countsFile, NODE_EXTRA_CA_CERTS: '', FORCE_COLOR: '0' },
  });
  const seconds = ((Date.now() - started) / 1000).toFixed(0);
  process.stdout.write(`== ${title}: ${result.status === 0 ? 'ok' : 'FAILED'} (${seconds} s)\n`);
  return result.status === 0;
}

function check(title: string, command: string, args: readonly string[]): void {
  if (!run(title, command, args)) total.failed += 1;
}

/** A mocha process of its own, so that a crash of one suite costs only that suite. */
function mocha(title: string, patterns: readonly string[], options: readonly string[] = []): void {
  rmSync(countsFile, { force: true });
  const ok = run(title, process.execPath, [
    join(root, 'node_modules/mocha/bin/mocha.js'),
    '--no-config',
    '--forbid-only',
    // A failed test may leave a child or a socket behind: the counts must come all the same.
    '--exit',
    '--reporter',
    join(root, 'scripts/mocha-reporter.cjs'),
    ...options,
    ...patterns,
  ]);
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
}

const ready = process.platform !== 'linux' || installMissing([...mainJobPackages, ...testPackages]);
if (!ready) process.stdout.write('Tests that need what is missing will be skipped, each with its reason.\n');

const bin = (name: string): string => join(root, 'node_modules', name);
check('types', process.execPath, [bin('typescript/bin/tsc'), '--noEmit']);
check('eslint', process.execPath, [bin('eslint/bin/eslint.js'), '.']);
check('prettier', process.execPath, [
  bin('prettier/bin/prettier.cjs'),
  '--check',
  '--log-level',
  'warn',
  '.',
]);
check('build', process.execPath, ['scripts/build.ts']);
check('windows programs', 'npm', ['run', '--silent', 'programs']);

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
);
if (!quick) {
  mocha('linux backend', ['test/host/linux/**/*.test.ts'], ['--timeout', '120000']);
  mocha('windows backend', ['test/host/windows/rig/**/*.test.ts'], ['--timeout', '120000']);
  mocha('end to end', ['test/e2e/**/*.test.ts'], ['--timeout', '300000']);
}

rmSync(scratch, { recursive: true, force: true });
if (total.skips.length > 0)
  process.stdout.write(`\nSkipped:\n${total.skips.map((title) => `  ${title}\n`).join('')}`);
process.stdout.write(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`);
process.exitCode = total.failed === 0 ? 0 : 1;
