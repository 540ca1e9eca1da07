/** What `login` asks and says (`registry/login.go`; images-and-registries.md 3.3). */
import type { RegistryAuth } from '../api/types/index.ts';
import { CliError } from './cli-error.ts';
import type { CommandContext } from './command.ts';
import { ask, readSecretFromStdin } from './prompt.ts';

export interface LoginFlags {
  readonly username: string;
  readonly password: string;
  readonly 'password-stdin': boolean;
}

/** Flags that contradict each other; a password on the command line is warned about. Gives user and password so far. */
export async function readLoginFlags(
  context: CommandContext,
  flags: LoginFlags,
): Promise<{ username: string; password: string }> {
  const fromStdin = flags['password-stdin'] || flags.password === '-';
  if (flags.password !== '' && flags.password !== '-') {
    context.stderr.write('WARNING! Using --password via the CLI is insecure. Use --password-stdin.\n');
    if (fromStdin)
      throw new CliError('conflicting options: cannot specify both --password and --password-stdin');
  }
  if (!fromStdin) return { username: flags.username, password: flags.password };
  if (flags.username === '') throw new CliError('the --password-stdin option requires --username to be set');
  return { username: flags.username, password: await readSecretFromStdin(context) };
}

/** Asks for what is missing. Without a terminal there is nobody to ask. */
export async function promptForLogin(
  context: CommandContext,
  server: string,
  given: { username: string; password: string },
  knownUser: string,
): Promise<RegistryAuth> {
  if (!context.inTerminal.isTTY)
    throw new CliError('Error: Cannot perform an interactive login from a non TTY device');
  let { username, password } = given;
  if (username === '') {
    const question = knownUser === '' ? 'Username: ' : `Username (${knownUser}): `;
    username = (await ask(context, question, false)) || knownUser;
    if (username === '') throw new CliError('error: username is required');
  }
  if (password === '') {
    password = await ask(context, 'Password: ', true);
    if (password === '') throw new CliError('error: password is required');
  }
  return { username, password, serveraddress: server };
}

/** The lines Docker prints before it tries what is stored. */
export function announceStored({ stderr, bin }: CommandContext, username: string): void {
  const user = username === '' ? '' : ` [Username: ${username}]`;
  stderr.write(`Authenticating with existing credentials...${user}\n\n`);
  stderr.write(
    ` Info -> To login with a different account, run '${bin} logout' followed by '${bin} login'\n\n\n`,
  );
}

/** Said once when a password was written to a file. */
export function warnPlainFile({ stderr }: CommandContext, path: string): void {
  stderr.write(
    `\nWARNING! Your credentials are stored unencrypted in '${path}'.\nConfigure a credential helper to remove this warning. See\nhttps://docs.docker.com/go/credential-store/\n\n`,
  );
}
