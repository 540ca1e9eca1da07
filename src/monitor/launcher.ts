import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import type { Environment } from '../environment.ts';
import { PortholeError } from '../errors/porthole-error.ts';
import { fromWireError, protocolVersion } from './protocol.ts';
import type { BootstrapAnswer, BootstrapDocument } from './protocol.ts';

/** How a monitor comes to life. Injected: tests run monitors in their own process. */
export interface MonitorLauncher {
  /** True when a new monitor listens; false when another process holds the container just now. */
  launch(containerId: string): Promise<boolean>;
}

export interface ProcessLauncherOptions {
  readonly environment: Environment;
  /** Node itself. */
  readonly execPath: string;
  /** `dist/monitor.js`, or `src/monitor/main.ts` when run from source. */
  readonly entry: string;
}

/** Longest wait for the bootstrap answer; a loaded machine may take its time to start a process. */
const bootstrapMs = 30_000;

/**
 * What keeps an idle monitor small (goal M1): a small heap, and no optimising compiler, whose code alone is 8 MB of memory,
 * until there is traffic (`tuning.ts`). V8's memory reducer would wake it up every eight seconds for ever.
 */
const nodeOptions = [
  '--max-semi-space-size=1',
  '--max-old-space-size=256',
  '--expose-gc',
  '--no-memory-reducer',
  '--no-opt',
  '--no-maglev',
  '--no-sparkplug',
  '--no-warnings',
];

/** Starts monitors as detached processes that outlive the caller. */
export function processLauncher(options: ProcessLauncherOptions): MonitorLauncher {
  return {
    launch: async (containerId) => {
      const child = spawn(options.execPath, [...nodeOptions, options.entry], {
        cwd: options.environment.platform === 'win32' ? options.environment.dataRoot : '/',
        detached: true,
        windowsHide: true,
        // It costs every Node start tens of milliseconds and a monitor talks to no registry.
        env: {
          ...poolOf(options.environment),
          ...options.environment.env,
          NODE_EXTRA_CA_CERTS: undefined,
          NODE_OPTIONS: undefined,
        },
        stdio: ['pipe', 'pipe', 'ignore'],
      });
      try {
        child.stdin.on('error', () => undefined);
        child.stdin.end(JSON.stringify(bootstrapDocument(options.environment, containerId)));
        return accepted(await answerOf(child, containerId));
      } finally {
        child.stdout.destroy();
        child.unref();
      }
    },
  };
}

/** On Windows waits for HCS hold threads of the pool that files and logs need as well (hcs.md 1.5). */
function poolOf({ platform }: Environment): Record<string, string> {
  return platform === 'win32' ? { UV_THREADPOOL_SIZE: '16' } : {};
}

export function bootstrapDocument(environment: Environment, containerId: string): BootstrapDocument {
  const { platform, arch, elevated, homeDir, dataRoot, wineRoot, packageRoot, recording } = environment;
  return {
    version: protocolVersion,
    containerId,
    environment: {
      platform,
      arch,
      elevated,
      homeDir,
      dataRoot,
      wineRoot,
      packageRoot,
      ...(recording === undefined ? {} : { recording }),
    },
  };
}

function accepted(answer: BootstrapAnswer): boolean {
  switch (answer.kind) {
    case 'ready':
      return true;
    case 'busy':
      return false;
    case 'error':
      throw fromWireError(answer.error);
  }
}

function answerOf(child: ChildProcess, containerId: string): Promise<BootstrapAnswer> {
  return new Promise((resolve, reject) => {
    let text = '';
    const fail = (why: string, cause?: unknown): void => {
      clearTimeout(timer);
      reject(
        new PortholeError(
          'internal',
          'MONITOR_START',
          `the monitor of container ${containerId} did not start: ${why}`,
          {
            hint: 'run the command again; if it fails again, reinstall porthole',
            cause,
          },
        ),
      );
    };
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      fail('no answer');
    }, bootstrapMs);
    child.once('error', (error) => fail(error.message, error));
    child.stdout?.setEncoding('utf8');
    child.stdout?.on('data', (part: string) => {
      text += part;
      if (!text.includes('\n')) return;
      clearTimeout(timer);
      resolve(JSON.parse(text.slice(0, text.indexOf('\n'))) as BootstrapAnswer);
    });
    child.once('exit', (code, signal) => fail(`it ended with ${signal ?? `exit code ${String(code)}`}`));
  });
}
