import { posix, win32 } from 'node:path';
import type { Environment } from '../../environment.ts';
import { own } from '../../text/own.ts';

/** What the pure builders may know of the machine the command runs on. Files are read through it, never directly. */
export interface Client {
  readonly platform: Environment['platform'];
  readonly env: Environment['env'];
  readonly cwd: string;
  readonly homeDir: string;
  /** Whole content of a file named by a flag. Rejects with Node's error, whose text the reporter turns into Go's. */
  readonly readFile: (path: string) => Promise<Buffer>;
}

/** `filepath.Abs` of the client's system. */
export function absolutePath(client: Pick<Client, 'platform' | 'cwd'>, path: string): string {
  return client.platform === 'win32' ? win32.resolve(client.cwd, path) : posix.resolve(client.cwd, path);
}

/**
 * The host side of a bind. Docker makes sources that start with `.` absolute; `~` is ours, because PowerShell does not expand it
 * in arguments (users.md 3.1). Everything else is the engine's to judge.
 */
export function hostPath(client: Pick<Client, 'platform' | 'cwd' | 'homeDir'>, path: string): string {
  if (path === '~' || path.startsWith('~/') || path.startsWith('~\\')) {
    return path === '~' ? client.homeDir : absolutePath({ ...client, cwd: client.homeDir }, path.slice(2));
  }
  return path.startsWith('.') ? absolutePath(client, path) : path;
}

/** `os.LookupEnv` of the client's system: names are case-insensitive on Windows. */
export function lookupEnv(client: Pick<Client, 'platform' | 'env'>, name: string): string | undefined {
  const exact = own(client.env, name);
  if (exact !== undefined || client.platform !== 'win32') return exact;
  const wanted = name.toLowerCase();
  const key = Object.keys(client.env).find((candidate) => candidate.toLowerCase() === wanted);
  return key === undefined ? undefined : client.env[key];
}
