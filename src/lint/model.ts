/**
 * What rules look at: the analysed Dockerfile with the facts that most rules need worked out once — which platform a stage
 * is for, its base image, the shell and user in force at each RUN, the environment known so far.
 */
import type { AnalyzedDockerfile, Stage } from '../dockerfile/dockerfile.ts';
import type { FromInstruction, RunInstruction, StageInstruction } from '../dockerfile/instructions.ts';
import type { SourceText } from '../dockerfile/source.ts';
import type { Remembering } from './memory.ts';

export type Shell = 'cmd' | 'powershell' | 'pwsh' | 'sh' | 'bash' | 'other';

/** `FROM` taken apart after expanding the global arguments' defaults. */
export interface BaseImage {
  /** As expanded: `mcr.microsoft.com/windows/nanoserver:ltsc2022`, a stage's name, or `scratch`. */
  readonly text: string;
  /** Index of the earlier stage it names. */
  readonly stage: number | undefined;
  /** With registry, without tag and digest, lower case; `scratch` for scratch. */
  readonly repository: string;
  readonly registry: string;
  readonly tag: string | undefined;
  readonly digest: string | undefined;
  /** True when a variable without a known value is part of it. */
  readonly unresolved: boolean;
}

export type WindowsFlavour = 'nanoserver' | 'servercore' | 'server' | 'windows';

export interface LintStage extends Remembering {
  readonly index: number;
  readonly name: string;
  readonly stage: Stage;
  readonly from: FromInstruction;
  readonly base: BaseImage;
  /** The image that the chain of stages starts from. */
  readonly root: BaseImage;
  /** From `--target-os`, `--platform`, the image's name, or the stage it builds on (dockerfile.md 4). */
  readonly platform: 'windows' | 'linux';
  /** True when nothing told: `linux` is then only the default. */
  readonly platformGuessed: boolean;
  /** Of the root base image, for Windows stages. */
  readonly flavour: WindowsFlavour | undefined;
  readonly instructions: readonly LintInstruction[];
}

/** One instruction of a stage with the state in force before it. ONBUILD's trigger is `onbuild`. */
export interface LintInstruction extends Remembering {
  readonly instruction: StageInstruction;
  readonly shell: EffectiveShell;
  /** As written by the last USER of the stage chain; undefined = the base image's own. */
  readonly user: string | undefined;
  /** The last WORKDIR of the stage chain in this file, expanded as far as known. */
  readonly workdir: string | undefined;
  /** Names set by ENV and ARG so far in the stage chain. Windows names are upper-cased. */
  readonly variables: ReadonlyMap<string, string | undefined>;
  /** The typed instruction of an ONBUILD trigger, undefined when it is broken. */
  readonly onbuild: StageInstruction | undefined;
}

export interface EffectiveShell {
  readonly kind: Shell;
  /** SHELL's words, or the platform's default. */
  readonly words: readonly string[];
  /** False until a SHELL of the stage chain was seen. */
  readonly explicit: boolean;
}

/** A RUN (plain or triggered by ONBUILD) whose text a shell parses. */
export interface ShellRun {
  readonly run: RunInstruction;
  readonly context: LintInstruction;
  readonly onbuild: boolean;
}

export interface LintFile extends Remembering {
  /** As the user named it; `-` for stdin. */
  readonly name: string;
  readonly source: SourceText;
  readonly dockerfile: AnalyzedDockerfile;
  readonly stages: readonly LintStage[];
  /** True when at least one stage is for Windows. */
  readonly windows: boolean;
  /** The bytes were UTF-16 and were converted before reading. */
  readonly wasUtf16: boolean;
}
