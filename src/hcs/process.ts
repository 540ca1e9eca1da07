import type { ExecCreateRequest } from '../api/types/index.ts';
import { commandLineOf, escapeArguments } from './command-line.ts';
import type { ProcessParameters } from './documents.ts';
import { environmentObject } from './merge-config.ts';

/** What a process is started with, whatever started it: init, exec, health check, a build step. */
export interface ProcessSpec {
  readonly commandLine: string;
  readonly user: string;
  /** Empty = `C:\`. */
  readonly workingDirectory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly tty: boolean;
  /** `[height, width]`; zeros = unknown. Only with a TTY. */
  readonly consoleSize?: readonly [height: number, width: number];
}

/**
 * The process document (hcs.md 3.4). stdin is always asked for: without it a process with a console dies at once
 * (hcs.md 5.2), and an unused pipe is closed by whoever starts the process. A console has no stderr.
 */
export function processParameters(spec: ProcessSpec): ProcessParameters {
  const [height, width] = spec.consoleSize ?? [0, 0];
  return {
    CommandLine: spec.commandLine,
    ...(spec.user === '' ? {} : { User: spec.user }),
    WorkingDirectory: workingDirectory(spec.workingDirectory),
    ...(Object.keys(spec.environment).length > 0 ? { Environment: { ...spec.environment } } : {}),
    ...(spec.tty ? { EmulateConsole: true } : {}),
    ...(spec.tty && height > 0 && width > 0 ? { ConsoleSize: [height, width] } : {}),
    CreateStdInPipe: true,
    CreateStdOutPipe: true,
    ...(spec.tty ? {} : { CreateStdErrPipe: true }),
  };
}

/** `C:\` when empty (moby: otherwise it would be System32), backslashes, and a drive for `\x`. */
export function workingDirectory(path: string): string {
  if (path === '') return 'C:\\';
  const windows = path.replaceAll('/', '\\');
  return windows.startsWith('\\') && !windows.startsWith('\\\\') ? `C:${windows}` : windows;
}

/** An exec in a container: its own variables over the container's, its folder or the container's, its user or the container's. */
export function execProcessSpec(
  request: Pick<ExecCreateRequest, 'Cmd' | 'Env' | 'WorkingDir' | 'User' | 'Tty' | 'ConsoleSize'>,
  container: { readonly env: readonly string[]; readonly workingDirectory: string; readonly user: string },
): ProcessSpec {
  return {
    commandLine: escapeArguments(request.Cmd ?? []),
    user: request.User === '' ? container.user : request.User,
    workingDirectory: request.WorkingDir === '' ? container.workingDirectory : request.WorkingDir,
    environment: environmentObject([...container.env, ...(request.Env ?? [])]),
    tty: request.Tty,
    ...(request.ConsoleSize === undefined ? {} : { consoleSize: request.ConsoleSize }),
  };
}

/**
 * The command line of a health check, or undefined for none (docker-cli.md 5.6): `CMD` is a command with arguments,
 * `CMD-SHELL` goes to the image's shell, else `cmd /S /C`.
 */
export function healthcheckCommandLine(
  test: readonly string[] | undefined,
  shell: readonly string[] | undefined,
): string | undefined {
  const [kind, ...words] = test ?? [];
  if (kind === 'CMD') return words.length === 0 ? undefined : escapeArguments(words);
  if (kind !== 'CMD-SHELL') return undefined;
  const interpreter = shell !== undefined && shell.length > 0 ? shell : ['cmd', '/S', '/C'];
  return `${interpreter.join(' ')} ${words.join(' ')}`;
}

export { commandLineOf };
