import { isKind, PortholeError } from '../src/errors/porthole-error.ts';
import type { Engine } from '../src/engine/roles/index.ts';
import { CliError, errorText } from '../src/cli/cli-error.ts';
import { Command } from '../src/cli/command.ts';
import type { FlagSpecs, ParsedFlags } from '../src/cli/flag.ts';
import { inParallel, reportNames } from '../src/cli/parallel.ts';
import { dryRunFlag } from '../src/cli/shared-flags.ts';

const flags = {
  'dry-run': dryRunFlag,
  force: {
    type: 'bool',
    char: 'f',
    description: 'Force the removal of a running container (uses SIGKILL)',
  },
  link: { type: 'bool', char: 'l', description: 'Remove the specified link' },
  volumes: {
    type: 'bool',
    char: 'v',
    description: 'Remove anonymous volumes associated with the container',
  },
} as const satisfies FlagSpecs;

type Flags = ParsedFlags<typeof flags>['flags'];

export default class Rm extends Command {
  static readonly summary = 'Remove one or more containers';
  static readonly usage = '[OPTIONS] CONTAINER [CONTAINER...]';
  static readonly flags = flags;
  static readonly args = { min: 1 };
  static readonly aliases = ['container rm', 'container remove'];
  static readonly completes = 'container';
  static readonly examples = ['porthole rm --force --volumes web'];

  async run({ flags, args }: ParsedFlags<typeof Rm.flags>): Promise<void> {
    const { containers } = await this.context.engine();
    await reportNames(
      this.context,
      inParallel(args, (name) => this.#remove(containers, name.replace(/^\/+|\/+$/g, ''), flags)),
      {
        result: (done) => this.result(done),
        // `rm -f` of what is not there is no failure.
        tolerate: ({ error }) => {
          if (!flags.force || !isKind(error, 'notFound')) return false;
          this.context.stderr.write(`${errorText(error)}\n`);
          return true;
        },
      },
    );
  }

  async #remove(containers: Engine['containers'], name: string, flags: Flags): Promise<void> {
    if (name === '') throw new CliError('container name cannot be empty');
    const { signal } = this.context;
    const { force, link, volumes } = flags;
    if (!flags['dry-run']) return containers.remove(name, { signal, force, link, volumes });
    const { State: state } = await containers.inspect(name, { signal });
    if (!state.Running || force) return;
    throw new PortholeError(
      'conflict',
      'CONTAINER_RUNNING',
      `cannot remove container "${name}": container is running: stop the container before removing or force remove`,
    );
  }
}
