/** `exec` flags -> `POST /containers/{id}/exec` body (`container/exec.go`; engine-api.md 4.5). */
import type { ExecCreateRequest } from '../../api/types/index.ts';
import type { FlagSpecs, FlagValues } from '../flag.ts';
import { checkEnv } from './checks.ts';
import type { Client } from './client.ts';
import { readEnv, withClientValues } from './key-values.ts';

export const execFlags = {
  detach: { type: 'bool', char: 'd', description: 'Detached mode: run command in the background' },
  'detach-keys': { type: 'string', description: 'Override the key sequence for detaching a container' },
  env: { type: 'list', char: 'e', description: 'Set environment variables', check: checkEnv },
  'env-file': { type: 'list', description: 'Read in a file of environment variables', complete: 'file' },
  interactive: { type: 'bool', char: 'i', description: 'Keep STDIN open even if not attached' },
  privileged: { type: 'bool', description: 'Give extended privileges to the command' },
  tty: { type: 'bool', char: 't', description: 'Allocate a pseudo-TTY' },
  user: { type: 'string', char: 'u', description: 'Username or UID (format: "<name|uid>[:<group|gid>]")' },
  workdir: { type: 'string', char: 'w', description: 'Working directory inside the container' },
} as const satisfies FlagSpecs;

/** `detachKeys`: of the client configuration, for when the flag does not say. Rejects with Docker's env file errors. */
export async function toExecRequest(
  flags: FlagValues<typeof execFlags>,
  command: readonly string[],
  client: Client,
  detachKeys: string,
): Promise<ExecCreateRequest> {
  const env = await readEnv(flags['env-file'], withClientValues(flags.env, client), client);
  return {
    User: flags.user,
    Privileged: flags.privileged,
    Tty: flags.tty,
    AttachStdin: !flags.detach && flags.interactive,
    AttachStderr: !flags.detach,
    AttachStdout: !flags.detach,
    Detach: flags.detach,
    DetachKeys: flags['detach-keys'] || detachKeys,
    Env: env.length > 0 ? env : null,
    WorkingDir: flags.workdir,
    Cmd: [...command],
  };
}
