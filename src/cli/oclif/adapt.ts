/**
 * Porthole's command classes as oclif sees them (design.md 10): statics turned into oclif's, and a `run` that goes through the
 * same dispatcher. oclif serves manifest, plugins and hooks from these; its parser never reads a Docker command line.
 */
import { Args, Command, Flags } from '@oclif/core';
import type { CommandClass } from '../command.ts';
import type { FlagSpec } from '../flag.ts';

/** How a command line is run: words after `porthole`. */
export type Runner = (argv: readonly string[]) => Promise<void>;

const listTypes = new Set<string>([
  ...[
    'list',
    'strings',
    'filter',
    'mount',
    'network',
    'gpu-request',
    'ulimit',
    'secret',
    'map',
    'stringToString',
  ],
]);

function oclifFlag(spec: FlagSpec) {
  const common = {
    ...(spec.char === undefined ? {} : { char: spec.char as 'a' }),
    summary: spec.description,
    hidden: spec.hidden === true || spec.deprecated !== undefined,
    required: false as const,
    ...(spec.deprecated === undefined ? {} : { deprecated: { message: spec.deprecated } }),
  };
  if (spec.type === 'bool') return Flags.boolean({ ...common, default: spec.default === true });
  const options = Array.isArray(spec.complete) ? { helpOptions: [...(spec.complete as string[])] } : {};
  if (listTypes.has(spec.type)) {
    return Flags.string({
      ...common,
      ...options,
      helpValue: spec.type,
      multiple: true,
      multipleNonGreedy: true,
    });
  }
  const given = spec.default === undefined ? {} : { default: String(spec.default) };
  return Flags.string({ ...common, ...options, ...given, helpValue: spec.placeholder ?? spec.type });
}

/** `id` with oclif's `:` between words. */
export function adaptCommand(id: string, command: CommandClass, run: Runner): typeof Command {
  const flags = Object.fromEntries(
    Object.entries(command.flags).map(([name, spec]) => [name, oclifFlag(spec)]),
  );
  return class extends Command {
    static override id = id;
    static override summary = command.summary;
    static override description = command.description ?? command.summary;
    static override usage = `${id.replaceAll(':', ' ')} ${command.usage}`.trim();
    static override aliases = (command.aliases ?? []).map((alias) => alias.replaceAll(' ', ':'));
    static override hidden = command.hidden ?? false;
    static override examples = [...(command.examples ?? [])];
    static override strict = false;
    static override flags = flags;
    static override args = { words: Args.string({ required: false, ignoreStdin: true }) };
    static override enableJsonFlag = false;

    override async run(): Promise<void> {
      await run([...id.split(':'), ...this.argv]);
    }
  };
}
