import type { LoginResponse, RegistryAuth } from '../src/api/types/index.ts';
import { isKind } from '../src/errors/porthole-error.ts';
import { CliError, errorText } from '../src/cli/cli-error.ts';
import { Command } from '../src/cli/command.ts';
import { credentialOptions } from '../src/cli/credentials.ts';
import type { FlagSpecs, ParsedFlags } from '../src/cli/flag.ts';
import { announceStored, promptForLogin, readLoginFlags, warnPlainFile } from '../src/cli/login.ts';
import { credentialKey, getCredentials, storeCredentials } from '../src/registry/credentials.ts';

const flags = {
  password: { type: 'string', char: 'p', description: 'Password or Personal Access Token (PAT)' },
  'password-stdin': {
    type: 'bool',
    description: 'Take the Password or Personal Access Token (PAT) from stdin',
  },
  username: { type: 'string', char: 'u', description: 'Username' },
} as const satisfies FlagSpecs;

export default class Login extends Command {
  static readonly summary = 'Authenticate to a registry';
  static readonly description =
    'Authenticate to a registry.\nDefaults to Docker Hub if no server is specified.';
  static readonly usage = '[OPTIONS] [SERVER]';
  static readonly flags = flags;
  static readonly args = { min: 0, max: 1 };
  static readonly category = 'common';
  static readonly completes = 'none';
  static readonly examples = [
    'Get-Content token.txt | porthole login --username me --password-stdin registry.example.com',
  ];

  async run({ flags, args }: ParsedFlags<typeof Login.flags>): Promise<void> {
    const server = credentialKey(args[0] ?? 'docker.io');
    const given = await readLoginFlags(this.context, flags);
    const options = credentialOptions(this.context);
    const stored = await getCredentials(server, options);
    const known =
      given.username === '' && given.password === '' && stored
        ? await this.#tryStored(stored, server)
        : undefined;
    const { auth, response } = known ?? (await this.#signIn(server, given, stored?.username ?? ''));
    const { plainFile } = await this.#store(server, auth, response, options);
    if (plainFile !== undefined && !known && response.IdentityToken === '')
      warnPlainFile(this.context, plainFile);
    this.result({ Server: server, Username: auth.username ?? '', Status: response.Status });
    if (response.Status !== '') this.context.stdout.write(`${response.Status}\n`);
  }

  /** What is stored may still be good. */
  async #tryStored(auth: RegistryAuth, server: string) {
    announceStored(this.context, auth.username ?? '');
    try {
      return { auth, response: await this.#ask({ ...auth, serveraddress: server }) };
    } catch (error) {
      this.context.stderr.write(
        isKind(error, 'unauthorized')
          ? 'Stored credentials invalid or expired\n'
          : `Login did not succeed, error: ${errorText(error)}\n`,
      );
      return undefined;
    }
  }

  async #signIn(server: string, given: { username: string; password: string }, knownUser: string) {
    const complete = given.username !== '' && given.password !== '';
    const auth: RegistryAuth = complete
      ? { ...given, serveraddress: server }
      : await promptForLogin(this.context, server, given, knownUser);
    return { auth, response: await this.#ask(auth) };
  }

  async #ask(auth: RegistryAuth): Promise<LoginResponse> {
    const { system } = await this.context.engine();
    return system.login(auth, { signal: this.context.signal });
  }

  async #store(
    server: string,
    auth: RegistryAuth,
    response: LoginResponse,
    options: Parameters<typeof storeCredentials>[2],
  ) {
    const { IdentityToken: token } = response;
    const { password: _replaced, ...named } = auth;
    try {
      return await storeCredentials(
        server,
        token === '' ? auth : { ...named, identitytoken: token },
        options,
      );
    } catch (error) {
      throw new CliError(`error saving credentials: ${(error as Error).message}`, { cause: error });
    }
  }
}
