/** What the environment variables and the account say about where things lie and how output looks. Pure. */
import { posix, win32 } from 'node:path';

export interface Account {
  readonly platform: 'win32' | 'linux';
  readonly env: Readonly<Record<string, string | undefined>>;
  /** User ID; undefined on Windows. */
  readonly uid: number | undefined;
  /** Windows: with an administrator's rights. Asked only where it matters. */
  readonly elevated: () => boolean;
  /** The account's home folder where no variable names it. */
  readonly home: () => string;
}

export function homeFolder({ platform, env, home }: Account): string {
  return env[platform === 'win32' ? 'USERPROFILE' : 'HOME'] || home();
}

/** design.md 7; `PORTHOLE_DATA_ROOT` wins. May be relative. */
export function dataRootFolder(account: Account): string {
  const { platform, env, uid } = account;
  if (env['PORTHOLE_DATA_ROOT']) return env['PORTHOLE_DATA_ROOT'];
  if (platform === 'win32') {
    if (account.elevated()) return win32.join(env['ProgramData'] || 'C:\\ProgramData', 'porthole');
    // What an administrator made there is closed to others, and what others made there no administrator should trust.
    const local = env['LOCALAPPDATA'] || win32.join(homeFolder(account), 'AppData', 'Local');
    return win32.join(local, 'porthole');
  }
  if (uid === 0) return '/var/lib/porthole';
  return posix.join(env['XDG_DATA_HOME'] || posix.join(homeFolder(account), '.local/share'), 'porthole');
}

/** Docker's client keeps credentials there, and they are shared. */
export function configFolder(account: Account): string {
  const { env, platform } = account;
  const style = platform === 'win32' ? win32 : posix;
  return env['PORTHOLE_CONFIG'] || env['DOCKER_CONFIG'] || style.join(homeFolder(account), '.docker');
}

/** https://no-color.org, FORCE_COLOR, and terminals that know no colours. */
export function usesColor(env: Account['env'], isTTY: boolean): boolean {
  if (env['NO_COLOR']) return false;
  if (env['FORCE_COLOR'] !== undefined) return !/^(?:0|false)$/.test(env['FORCE_COLOR']);
  return isTTY && env['TERM'] !== 'dumb';
}
