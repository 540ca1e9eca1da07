import { Command } from '../src/cli/command.ts';
import { credentialOptions } from '../src/cli/credentials.ts';
import type { FlagSpecs, ParsedFlags } from '../src/cli/flag.ts';
import { credentialKey, eraseCredentials } from '../src/registry/credentials.ts';

export default class Logout extends Command {
  static readonly summary = 'Log out from a registry';
  static readonly description =
    'Log out from a registry.\nIf no server is specified, the default is defined by the daemon.';
  static readonly usage = '[SERVER]';
  static readonly flags = {} as const satisfies FlagSpecs;
  static readonly args = { min: 0, max: 1 };
  static readonly category = 'common';
  static readonly completes = 'none';
  static readonly examples = ['porthole logout registry.example.com'];

  async run({ args }: ParsedFlags<typeof Logout.flags>): Promise<void> {
    const server = credentialKey(args[0] ?? 'docker.io');
    this.context.stdout.write(`Removing login credentials for ${server}\n`);
    const { failures, all } = await eraseCredentials(args[0] ?? server, credentialOptions(this.context));
    this.result({
      Server: server,
      Failures: failures.map(({ key, error }) => ({ Key: key, Error: error.message })),
    });
    if (!all || failures.length === 0) return;
    const lines = failures.map(({ key, error }) => `${key}: ${error.message}\n`);
    this.context.stderr.write(`WARNING: could not erase credentials:\n${lines.join('')}`);
  }
}
