import type { HealthConfig, ImageConfigSection } from '../api/types/index.ts';
import type {
  CmdInstruction,
  CommandLine,
  EntrypointInstruction,
  HealthcheckInstruction,
  StageInstruction,
} from '../dockerfile/instructions.ts';
import type { MappedText } from '../dockerfile/mapped-text.ts';
import { setVariable } from '../dockerfile/variables.ts';
import { trimSpaces } from '../dockerfile/whitespace.ts';
import { exposedPorts } from '../dockerfile/expose.ts';
import { plainList, quotedHealthcheck, quotedList } from './go-format.ts';

/**
 * What instructions that touch no file do to an image's configuration, as the classic builder does it for Windows images
 * (dockerfile.md 2.1, 2.5, 2.7). Pure: configuration in, configuration out.
 */
export type MetadataInstruction = Exclude<
  StageInstruction,
  { kind: 'add' | 'copy' | 'run' | 'workdir' | 'stopsignal' }
>;

export interface Expander {
  word(text: MappedText): string;
  /** EXPOSE only: one text may become several words. */
  words(text: MappedText): readonly string[];
}

export interface MetadataState {
  readonly config: ImageConfigSection;
  /** CMD was given in this stage. */
  readonly cmdSet: boolean;
}

export interface MetadataChange {
  readonly config: ImageConfigSection;
  /** The instruction as the history has it: `ENV A=b`. */
  readonly comment: string;
  readonly cmdSet: boolean;
  readonly author?: string;
  /** ARG: names and defaults, expanded. */
  readonly declared?: readonly { readonly name: string; readonly value: string | undefined }[];
  /** Lines for standard output and, coloured, standard error. */
  readonly notes: readonly string[];
  readonly warnings: readonly string[];
}

/** `cmd /S /C`, or what SHELL said. */
export const defaultShell: readonly string[] = ['cmd', '/S', '/C'];

export function shellOf(config: ImageConfigSection): readonly string[] {
  return config.Shell && config.Shell.length > 0 ? config.Shell : defaultShell;
}

/** Throws Errors in the reference's words. */
export function applyMetadata(
  instruction: MetadataInstruction,
  state: MetadataState,
  expand: Expander,
): MetadataChange {
  const change = (
    config: Partial<ImageConfigSection>,
    comment: string,
    extra: Partial<MetadataChange> = {},
  ): MetadataChange => ({
    config: withoutFalse({ ...state.config, ...config }),
    comment,
    cmdSet: state.cmdSet,
    notes: [],
    warnings: [],
    ...extra,
  });
  switch (instruction.kind) {
    case 'env': {
      const pairs = instruction.pairs.map(
        ({ key, value }) => [expand.word(key), expand.word(value)] as const,
      );
      let env: readonly string[] = state.config.Env ?? [];
      for (const [name, value] of pairs) env = setVariable(env, name, value, 'windows');
      return change(
        { Env: [...env] },
        ['ENV', ...pairs.map(([name, value]) => `${name}=${value}`)].join(' '),
      );
    }
    case 'label': {
      const pairs = instruction.pairs.map(
        ({ key, value }) => [expand.word(key), expand.word(value)] as const,
      );
      return change(
        { Labels: { ...state.config.Labels, ...Object.fromEntries(pairs) } },
        ['LABEL', ...pairs.map(([name, value]) => `${name}=${value}`)].join(' '),
      );
    }
    case 'arg': {
      const declared = instruction.args.map(({ name, value }) => ({
        name: expand.word(name),
        value: value && expand.word(value),
      }));
      const texts = declared.map(({ name, value }) => (value === undefined ? name : `${name}=${value}`));
      return change({}, `ARG ${texts.join(' ')}`, { declared });
    }
    case 'maintainer': {
      const author = instruction.maintainer.text;
      return change({}, `MAINTAINER ${author}`, { author });
    }
    case 'user': {
      const user = expand.word(instruction.user);
      return change({ User: user }, `USER ${user}`);
    }
    case 'expose': {
      const specs = instruction.ports.flatMap((port) => expand.words(port));
      const ports = Object.fromEntries(exposedPorts(specs).map((port) => [port, {}]));
      return change(
        { ExposedPorts: { ...state.config.ExposedPorts, ...ports } },
        `EXPOSE ${specs.join(' ')}`,
      );
    }
    case 'volume': {
      const volumes = instruction.volumes.map((volume) => expand.word(volume));
      if (volumes.includes('')) throw new Error('VOLUME specified can not be an empty string');
      const added = Object.fromEntries(volumes.map((volume) => [volume, {}]));
      return change({ Volumes: { ...state.config.Volumes, ...added } }, `VOLUME ${plainList(volumes)}`);
    }
    case 'shell': {
      const shell = instruction.shell.map(({ text }) => text);
      return change({ Shell: shell }, `SHELL ${plainList(shell)}`);
    }
    case 'onbuild': {
      const { expression } = instruction;
      return change({ OnBuild: [...(state.config.OnBuild ?? []), expression] }, `ONBUILD ${expression}`);
    }
    case 'cmd':
      return applyCmd(instruction, state, change);
    case 'entrypoint':
      return applyEntrypoint(instruction, state, change);
    case 'healthcheck':
      return applyHealthcheck(instruction, state, change);
  }
}

/** Docker leaves `ArgsEscaped` out when it is false. */
function withoutFalse(config: ImageConfigSection): ImageConfigSection {
  if (config.ArgsEscaped !== false) return config;
  const { ArgsEscaped: _, ...rest } = config;
  return rest;
}

type Change = (
  config: Partial<ImageConfigSection>,
  comment: string,
  extra?: Partial<MetadataChange>,
) => MetadataChange;

function applyCmd(instruction: CmdInstruction, state: MetadataState, change: Change): MetadataChange {
  const { command, escaped } = resolveCommand(instruction.command, instruction.node.text.text, state.config);
  const differs = (state.config.ArgsEscaped ?? false) !== escaped;
  const warn = differs && (state.config.Entrypoint ?? []).length > 0;
  return change({ Cmd: command, ArgsEscaped: escaped }, `CMD ${quotedList(command)}`, {
    cmdSet: state.cmdSet || command.length > 0,
    warnings: warn
      ? [' ---> [Warning] Shell-form ENTRYPOINT and exec-form CMD may have unexpected results\n']
      : [],
  });
}

function applyEntrypoint(
  instruction: EntrypointInstruction,
  state: MetadataState,
  change: Change,
): MetadataChange {
  const { config } = state;
  const { command, escaped } = resolveCommand(instruction.command, instruction.node.text.text, config);
  const existing = config.Cmd ?? [];
  const isDefault =
    existing[0]?.toLowerCase() === 'c:\\windows\\system32\\cmd.exe' || (config.Shell ?? []).length > 0;
  const differs = (config.ArgsEscaped ?? false) !== escaped;
  const warn = differs && (existing.length > 1 || (existing.length === 1 && !isDefault));
  return change(
    { Entrypoint: command, ArgsEscaped: escaped, ...(state.cmdSet ? {} : { Cmd: null }) },
    `ENTRYPOINT ${quotedList(command)}`,
    {
      warnings: warn
        ? [' ---> [Warning] Shell-form CMD and exec-form ENTRYPOINT may have unexpected results\n']
        : [],
    },
  );
}

function applyHealthcheck(
  instruction: HealthcheckInstruction,
  state: MetadataState,
  change: Change,
): MetadataChange {
  const given: [keyof HealthConfig, number][] = [
    ['Interval', instruction.interval],
    ['Timeout', instruction.timeout],
    ['StartPeriod', instruction.startPeriod],
    ['StartInterval', instruction.startInterval],
    ['Retries', instruction.retries],
  ];
  const health: HealthConfig = {
    Test: [...instruction.test],
    ...(Object.fromEntries(given.filter(([, value]) => value !== 0)) as HealthConfig),
  };
  const before = state.config.Healthcheck?.Test ?? [];
  const overrides = before.length > 0 && before[0] !== 'NONE';
  return change({ Healthcheck: health }, `HEALTHCHECK ${quotedHealthcheck(health)}`, {
    notes: overrides ? [`Note: overriding previous HEALTHCHECK: ${plainList(before)}\n`] : [],
  });
}

/**
 * RUN, CMD, ENTRYPOINT. The shell form is one element: shell words and the text as it stands after the keyword, which the
 * runtime hands to Windows unchanged (`escaped`). `original`: the joined line.
 */
export function resolveCommand(
  command: CommandLine,
  original: string,
  config: ImageConfigSection,
): { command: string[]; escaped: boolean } {
  if (command.args.length === 0) return { command: [], escaped: config.ArgsEscaped ?? false };
  if (command.exec) return { command: command.args.map(({ text }) => text), escaped: false };
  const text = trimSpaces(original)
    .replace(/^[^\t\v\f\r ]+/, '')
    .replace(/^[ \t\v\n]+/, '');
  return { command: [[...shellOf(config), text].join(' ')], escaped: true };
}

/** Cmd of the container that a step without a command is committed from: `cmd /S /C #(nop)  ENV A=b`. */
export function commentCommand(config: ImageConfigSection, comment: string): string[] {
  return [...shellOf(config), '#(nop) ', comment];
}

/** The same for WORKDIR, COPY and ADD, which have one blank: `cmd /S /C #(nop) WORKDIR C:\app`. */
export function joinedCommentCommand(config: ImageConfigSection, comment: string): string[] {
  return [...shellOf(config), `#(nop) ${comment}`];
}
