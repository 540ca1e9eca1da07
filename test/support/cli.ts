/** Runs the built `porthole` as a user does: a process with a data root of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

export interface CliResult {
  readonly stdout: string;
  readonly stderr: string;
  /** 128 + signal number is the shell's affair: here a signal death is `signal`. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface CliOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: string | Buffer;
  readonly cwd?: string;
  /** Milliseconds until SIGKILL; 120,000 by default. */
  readonly timeout?: number;
}

export const packageRoot = resolve(import.meta.dirname, '../..');
const entry = join(packageRoot, 'bin/run.js');

/** Why the built CLI cannot be run here, or undefined. */
export function cliMissing(): string | undefined {
  return existsSync(join(packageRoot, 'dist')) ? undefined : 'dist/ is not built: npm run build';
}

/** For `before` and the like of suites that run the built CLI: skips them where it is not built, and says so. */
export function skipWithoutCli(context: Mocha.Context): void {
  const missing = cliMissing();
  if (missing === undefined) return;
  console.log(`      skipped: ${missing}`);
  context.skip();
}

export class Cli {
  readonly dataRoot: string;
  readonly env: Readonly<Record<string, string | undefined>>;

  constructor(dataRoot: string, env: Readonly<Record<string, string | undefined>> = {}) {
    this.dataRoot = dataRoot;
    this.env = env;
  }

  start(args: readonly string[], options: CliOptions = {}): ChildProcess {
    return spawn(process.execPath, [entry, ...args], {
      cwd: options.cwd ?? packageRoot,
      env: { ...process.env, PORTHOLE_DATA_ROOT: this.dataRoot, NO_COLOR: '1', ...this.env, ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  }

  run(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
    const child = this.start(args, options);
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(options.input ?? '');
    const timer = setTimeout(() => child.kill('SIGKILL'), options.timeout ?? 120_000);
    let stdout = '';
    let stderr = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    return new Promise((done, failed) => {
      child.once('error', failed);
      child.once('close', (exitCode, signal) => {
        clearTimeout(timer);
        done({ stdout, stderr, exitCode, signal });
      });
    });
  }

  /** Like `run`, but anything except exit code 0 is an error with the whole output in its message. */
  async ok(args: readonly string[], options: CliOptions = {}): Promise<string> {
    const result = await this.run(args, options);
    if (result.exitCode !== 0) {
      throw new Error(
        `porthole ${args.join(' ')}: exit ${result.exitCode ?? result.signal}\n--stdout\n${result.stdout}\n--stderr\n${result.stderr}`,
      );
    }
    return result.stdout;
  }
}
