/** Which objects `inspect` shows and in which order it looks for them (`system/inspect.go`; docker-cli.md 2.7). */
import type { Engine } from '../engine/roles/index.ts';
import { isKind, PortholeError } from '../errors/porthole-error.ts';
import { CliError, joinErrors } from './cli-error.ts';
import type { CommandContext } from './command.ts';
import { inspectPrinter } from './inspect-format.ts';
import type { InspectKind } from './inspect-format.ts';
import { volumeDocument } from './render/volumes.ts';

export interface InspectFlags {
  readonly format: string;
  readonly size?: boolean;
  readonly platform?: string;
  readonly verbose?: boolean;
}

type Finder = (engine: Engine, name: string, flags: InspectFlags) => Promise<unknown>;

const swarmRefusal = new PortholeError(
  'unavailable',
  'NOT_A_SWARM_MANAGER',
  'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.',
  { hint: 'Porthole has no swarm' },
);

const inSwarm: Finder = () => Promise.reject(swarmRefusal);

/** Kinds by what `--type` calls them. Porthole has no plugins or swarm of its own: looking there finds nothing. */
const finders: Readonly<Record<string, Finder>> = {
  container: (engine, name, { size = false }) => engine.containers.inspect(name, size ? { size } : {}),
  image: (engine, name, { platform }) =>
    engine.images.inspect(name, platform === undefined || platform === '' ? {} : { platform }),
  network: (engine, name, { verbose = false }) => engine.networks.inspect(name, verbose ? { verbose } : {}),
  volume: async (engine, name) => volumeDocument(await engine.volumes.inspect(name)),
  config: inSwarm,
  node: inSwarm,
  plugin: (_engine, name) =>
    Promise.reject(new PortholeError('notFound', 'PLUGIN_NOT_FOUND', `plugin "${name}" not found`)),
  secret: inSwarm,
  service: inSwarm,
  task: inSwarm,
};

/** The order in which a bare name is looked for. */
const searchOrder = ['container', 'image', 'network', 'volume'] as const;

export const inspectTypes = Object.keys(finders).sort();

/** Throws Docker's text for a `--type` that does not exist. */
export function checkType(type: string): void {
  if (type === '' || Object.hasOwn(finders, type)) return;
  const known = inspectTypes.map((name) => `"${name}"`).join(', ');
  throw new CliError(`unknown type: "${type}": must be one of ${known}`);
}

/** Moves on to the next kind; any other error ends the search. */
function isSkippable(error: unknown): boolean {
  return (
    isKind(error, 'notFound') ||
    (isKind(error, 'invalid') && error.message.includes('invalid reference format'))
  );
}

async function search(engine: Engine, name: string, flags: InspectFlags) {
  for (const kind of searchOrder) {
    try {
      return { kind, document: await finders[kind]!(engine, name, flags) };
    } catch (error) {
      if (!isSkippable(error)) throw error;
    }
  }
  throw new CliError(`Error: No such object: ${name}`, { kind: 'notFound', code: 'NOT_FOUND' });
}

/**
 * Prints the documents of `names`; `type` '' looks in every kind. What was found is printed, then the failures are thrown
 * together. Gives the documents, for `--json`.
 */
export async function inspectObjects(
  context: CommandContext,
  type: string,
  names: readonly string[],
  flags: InspectFlags,
  result: (documents: readonly unknown[]) => void,
): Promise<void> {
  const printer = inspectPrinter(flags.format);
  const engine = await context.engine();
  const documents: unknown[] = [];
  const errors: unknown[] = [];
  for (const name of names) {
    try {
      const { kind, document } =
        type === ''
          ? await search(engine, name, flags)
          : { kind: type, document: await finders[type]!(engine, name, flags) };
      if (flags.size === true && kind !== 'container')
        context.stderr.write(`WARNING: --size ignored for ${kind}\n`);
      documents.push(document);
      printer.add(kind as InspectKind, document);
    } catch (error) {
      errors.push(error);
    }
  }
  result(documents);
  context.stdout.write(printer.output());
  if (errors.length > 0) throw joinErrors(errors);
}
