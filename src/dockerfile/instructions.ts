import type { Heredoc } from './heredoc.ts';
import type { MappedText } from './mapped-text.ts';
import type { RunMount } from './mount.ts';
import type { InstructionNode, PairNode } from './tree.ts';

/** Level 2 of the language: one typed value an instruction. Texts are before expansion; each knows its place. */
interface Typed<Kind extends string> {
  readonly kind: Kind;
  readonly node: InstructionNode;
}

export interface FromInstruction extends Typed<'from'> {
  readonly image: MappedText;
  /** As written; stages are named by its lower case. */
  readonly stageName: MappedText | undefined;
  readonly platform: MappedText | undefined;
}

export interface ArgInstruction extends Typed<'arg'> {
  readonly args: readonly { readonly name: MappedText; readonly value: MappedText | undefined }[];
}

export interface EnvInstruction extends Typed<'env'> {
  readonly pairs: readonly PairNode[];
}

export interface LabelInstruction extends Typed<'label'> {
  readonly pairs: readonly PairNode[];
}

/** A here-document that is a source of COPY or ADD: a file of that name. */
export interface InlineSource {
  readonly name: string;
  /** Tabs already dropped for `<<-`. */
  readonly data: string;
  readonly expand: boolean;
}

interface Transfer {
  readonly sources: readonly MappedText[];
  readonly inline: readonly InlineSource[];
  readonly destination: MappedText;
  readonly chown: MappedText | undefined;
  readonly chmod: MappedText | undefined;
  readonly link: boolean;
  readonly excludes: readonly MappedText[];
  /** Flag names in the order of use. */
  readonly flagsUsed: readonly string[];
}

export interface CopyInstruction extends Typed<'copy'>, Transfer {
  readonly from: MappedText | undefined;
  readonly parents: boolean;
}

export interface AddInstruction extends Typed<'add'>, Transfer {
  readonly checksum: MappedText | undefined;
  readonly keepGitDir: boolean;
  readonly unpack: boolean | undefined;
}

/** RUN, CMD, ENTRYPOINT: `exec` = JSON form. The shell form has one argument, the whole text, or none. */
export interface CommandLine {
  readonly exec: boolean;
  readonly args: readonly MappedText[];
  readonly heredocs: readonly Heredoc[];
}

export interface RunInstruction extends Typed<'run'> {
  readonly command: CommandLine;
  readonly flagsUsed: readonly string[];
  /** Undefined elements hold variables: `parseMount` reads them when the step runs. */
  readonly mounts: readonly { readonly text: MappedText; readonly mount: RunMount | undefined }[];
  readonly network: 'default' | 'none' | 'host';
  readonly security: 'sandbox' | 'insecure';
  readonly devices: readonly MappedText[];
}

export interface CmdInstruction extends Typed<'cmd'> {
  readonly command: CommandLine;
}

export interface EntrypointInstruction extends Typed<'entrypoint'> {
  readonly command: CommandLine;
}

export interface ShellInstruction extends Typed<'shell'> {
  readonly shell: readonly MappedText[];
}

export interface WorkdirInstruction extends Typed<'workdir'> {
  readonly path: MappedText;
}

export interface UserInstruction extends Typed<'user'> {
  readonly user: MappedText;
}

export interface StopSignalInstruction extends Typed<'stopsignal'> {
  readonly signal: MappedText;
}

export interface MaintainerInstruction extends Typed<'maintainer'> {
  readonly maintainer: MappedText;
}

export interface ExposeInstruction extends Typed<'expose'> {
  /** Sorted as text, as the reference does before expanding them. */
  readonly ports: readonly MappedText[];
}

export interface VolumeInstruction extends Typed<'volume'> {
  readonly volumes: readonly MappedText[];
}

export interface OnbuildInstruction extends Typed<'onbuild'> {
  /** The trigger's text, here-documents included. */
  readonly expression: string;
  readonly trigger: InstructionNode;
}

export interface HealthcheckInstruction extends Typed<'healthcheck'> {
  /** `['NONE']`, `['CMD', …]` or `['CMD-SHELL', text]`. */
  readonly test: readonly string[];
  /** Nanoseconds; 0 = not given. */
  readonly interval: number;
  readonly timeout: number;
  readonly startPeriod: number;
  readonly startInterval: number;
  readonly retries: number;
}

export type StageInstruction =
  | AddInstruction
  | ArgInstruction
  | CmdInstruction
  | CopyInstruction
  | EntrypointInstruction
  | EnvInstruction
  | ExposeInstruction
  | HealthcheckInstruction
  | LabelInstruction
  | MaintainerInstruction
  | OnbuildInstruction
  | RunInstruction
  | ShellInstruction
  | StopSignalInstruction
  | UserInstruction
  | VolumeInstruction
  | WorkdirInstruction;

export type Instruction = FromInstruction | StageInstruction;
