/**
 * `build --call=outline`: what one target can be given (BuildKit's subrequest `frontend.outline`): the arguments that its stages
 * read, the secrets and SSH agents that their steps mount. Variables that a base image sets are not known.
 */
import { platformArgs, type ArgPlatform } from '../dockerfile/build-args.ts';
import { expandWord } from '../dockerfile/expand.ts';
import type { ArgInstruction, RunInstruction, StageInstruction } from '../dockerfile/instructions.ts';
import type { MappedText } from '../dockerfile/mapped-text.ts';
import { parseMount } from '../dockerfile/mount.ts';
import type { InstructionNode } from '../dockerfile/tree.ts';
import { variableKey } from '../dockerfile/variables.ts';
import { alignTabs } from '../text/tabwriter.ts';
import { docComment, encodedSource, locationOf, type SourceLocation } from './build-targets.ts';
import type { LintFile, LintStage } from './model.ts';
import { VariableHistory } from './variable-history.ts';
import { sourcesOf, stagesUsed, targetStage } from './target-stages.ts';
import { own } from '../text/own.ts';

export interface OutlineArg {
  readonly name: string;
  readonly description?: string;
  readonly value?: string;
  readonly location: SourceLocation;
}

export interface OutlineMount {
  readonly name: string;
  readonly required?: true;
  readonly location: SourceLocation;
}

export interface BuildOutline {
  readonly name?: string;
  readonly description?: string;
  readonly args?: readonly OutlineArg[];
  readonly secrets?: readonly OutlineMount[];
  readonly ssh?: readonly OutlineMount[];
  /** The Dockerfile in base64. */
  readonly sources: readonly string[];
}

export interface OutlineRequest {
  readonly file: LintFile;
  readonly buildArgs: Readonly<Record<string, string>>;
  /** '' = the last stage. */
  readonly target: string;
  readonly platform: { readonly build: ArgPlatform; readonly target: ArgPlatform };
}

/** What went wrong, with the instruction that it happened in. */
export class OutlineError extends Error {
  readonly node: InstructionNode;

  constructor(message: string, node: InstructionNode, cause: unknown) {
    super(message, { cause });
    this.name = 'OutlineError';
    this.node = node;
  }
}

/** Throws `LintUsageError` for a target that is not there, `OutlineError` for text that cannot be expanded. */
export function outlineBuild(request: OutlineRequest): BuildOutline {
  const { file, target } = request;
  const wanted = targetStage(file, target);
  const reader = new OutlineReader(request);
  const seen = { args: new Map<string, ArgInfo>(), secrets: new Mounts(), ssh: new Mounts() };
  const done = new Set<number>();
  // The target's own come first, then what its base has, then what it copies from.
  const waiting = wanted === undefined ? [] : [wanted];
  for (let stage = waiting.pop(); stage !== undefined; stage = waiting.pop()) {
    if (done.has(stage.index)) continue;
    done.add(stage.index);
    const state = reader.stage(stage);
    for (const [key, info] of state.usedArgs()) if (!seen.args.has(key)) seen.args.set(key, info);
    for (const [id, mount] of state.secrets) if (!seen.secrets.has(id)) seen.secrets.set(id, mount);
    for (const [id, mount] of state.ssh) if (!seen.ssh.has(id)) seen.ssh.set(id, mount);
    waiting.push(...state.sources.toReversed());
    if (stage.base.stage !== undefined) waiting.push(file.stages[stage.base.stage]!);
  }
  const args = [...seen.args.values()]
    .toSorted((a, b) => a.at - b.at)
    .map(({ name, node, value }): OutlineArg => ({
      name,
      ...given('description', docComment(node, name)),
      ...given('value', value ?? ''),
      location: locationOf(node),
    }));
  return {
    ...given('name', wanted?.name ?? ''),
    ...given('description', wanted === undefined ? '' : docComment(wanted.from.node, wanted.name)),
    ...list('args', args),
    ...list('secrets', outlineMounts(seen.secrets)),
    ...list('ssh', outlineMounts(seen.ssh)),
    sources: [encodedSource(file)],
  };
}

export function outlineText({ name, description, args, secrets, ssh }: BuildOutline): string {
  const target =
    name === undefined && description === undefined
      ? ''
      : `TARGET:\t${name ?? '(default)'}\n${description === undefined ? '' : `DESCRIPTION:\t${description}\n`}`;
  const argRows = args?.map((arg) => `${arg.name}\t${arg.value ?? ''}\t${arg.description ?? ''}\n`);
  const mountRows = (mounts: readonly OutlineMount[] | undefined) =>
    mounts?.map((mount) => `${mount.name}\t${mount.required === true ? 'true' : ''}\n`);
  const table = (head: string, rows: readonly string[] | undefined): string =>
    rows === undefined ? '' : `${alignTabs(head + rows.join(''), { minWidth: 0, padding: 3 })}\n`;
  return [
    target === '' ? '' : `${alignTabs(target, { minWidth: 0, padding: 1 })}\n`,
    table('BUILD ARG\tVALUE\tDESCRIPTION\n', argRows),
    table('SECRET\tREQUIRED\n', mountRows(secrets)),
    table('SSH\tREQUIRED\n', mountRows(ssh)),
  ].join('');
}

interface ArgInfo {
  readonly name: string;
  /** Offset in the file. */
  readonly at: number;
  readonly node: InstructionNode;
  readonly value: string | undefined;
  /** Arguments that its value was made of. */
  readonly needs: ReadonlySet<string>;
}

class Mounts extends Map<string, { readonly required: boolean; readonly node: InstructionNode }> {}

class StageOutline {
  readonly #globalArgs: ReadonlyMap<string, ArgInfo>;
  /** Declared in the stage. */
  readonly ownArgs = new Map<string, ArgInfo>();
  readonly used: Set<string>;
  readonly variables: VariableHistory;
  readonly secrets = new Mounts();
  readonly ssh = new Mounts();
  sources: LintStage[] = [];

  constructor(
    globalArgs: ReadonlyMap<string, ArgInfo>,
    used: readonly string[],
    inherited: VariableHistory | undefined,
  ) {
    this.#globalArgs = globalArgs;
    this.used = new Set(used);
    this.variables = new VariableHistory(inherited?.now());
  }

  /** With what their values needed, in the order of the file. */
  usedArgs(): Map<string, ArgInfo> {
    const waiting = [...this.used];
    const found = new Map<string, ArgInfo>();
    for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) {
      const info = this.ownArgs.get(key) ?? this.#globalArgs.get(key);
      if (info === undefined || found.has(key)) continue;
      found.set(key, info);
      waiting.push(...info.needs);
    }
    return found;
  }
}

const empty: ReadonlySet<string> = new Set();

class OutlineReader {
  readonly #file: LintFile;
  readonly #given: Readonly<Record<string, string>>;
  readonly #globals: Map<string, string>;
  readonly #globalArgs = new Map<string, ArgInfo>();
  readonly #stages = new Map<number, StageOutline>();

  constructor({ file, buildArgs, target, platform }: OutlineRequest) {
    this.#file = file;
    this.#given = buildArgs;
    const stageName = target === '' ? (file.stages.at(-1)?.name ?? '') : target;
    this.#globals = new Map(Object.entries(platformArgs(platform.build, platform.target, stageName)));
    for (const [name, value] of this.#globals) this.#globals.set(name, own(this.#given, name) ?? value);
    for (const instruction of file.dockerfile.globalArgs) this.#declareGlobal(instruction);
  }

  #declareGlobal({ args, node }: ArgInstruction): void {
    for (const { name: written, value: fallback } of args) {
      const name = written.text;
      let value = own(this.#given, name);
      let needs: ReadonlySet<string> = empty;
      if (value === undefined && fallback !== undefined) {
        const expanded = this.#expand(fallback, node, (key) => this.#globals.get(key));
        value = expanded.text;
        needs = expanded.found;
        if (needs.has(name)) {
          const earlier = this.#globalArgs.get(name)?.needs ?? empty;
          needs = new Set([...needs, ...earlier].filter((key) => key !== name));
        }
      }
      if (value !== undefined) this.#globals.set(name, value);
      this.#globalArgs.set(name, { name, at: written.range().start, node, value, needs });
    }
  }

  /** The stage after its last step. */
  stage(stage: LintStage): StageOutline {
    const chain: LintStage[] = [];
    for (
      let at: LintStage | undefined = stage;
      at !== undefined && !this.#stages.has(at.index);
      at = this.#parent(at)
    ) {
      chain.push(at);
    }
    for (const one of chain.reverse()) this.#stages.set(one.index, this.#walk(one));
    return this.#stages.get(stage.index)!;
  }

  #parent({ base }: LintStage): LintStage | undefined {
    return base.stage === undefined ? undefined : this.#file.stages[base.stage];
  }

  /** Its base was walked before. */
  #walk(stage: LintStage): StageOutline {
    const { from } = stage;
    const parent = this.#parent(stage);
    const inherited = parent === undefined ? undefined : this.#stages.get(parent.index);
    // What the base's own steps declare is the base's.
    const used = [from.image, ...(from.platform === undefined ? [] : [from.platform])].flatMap((word) => [
      ...this.#expand(word, from.node, (key) => this.#globals.get(key)).found,
    ]);
    const state = new StageOutline(this.#globalArgs, used, inherited?.variables);
    const triggers = (parent?.instructions ?? []).flatMap(({ onbuild }) => onbuild ?? []);
    const own = stage.instructions.map(({ instruction }) => instruction);
    for (const trigger of triggers) this.#step(trigger, from.node, stage, state);
    for (const instruction of own) this.#step(instruction, instruction.node, stage, state);
    const names = sourcesOf([...triggers, ...own].map((instruction) => ({ instruction })));
    state.sources = stagesUsed(this.#file, stage.index, names);
    return state;
  }

  /** `node`: where it counts as written; a trigger's is FROM. */
  #step(
    instruction: StageInstruction,
    node: InstructionNode,
    { platform }: LintStage,
    state: StageOutline,
  ): void {
    const get = (name: string) => state.variables.get(variableKey(name, platform));
    switch (instruction.kind) {
      case 'arg':
        for (const { name, value } of instruction.args) {
          this.#declare(name, value, node, variableKey(name.text, platform), get, state);
        }
        break;
      case 'env': {
        const pairs = instruction.pairs.map(
          ({ key, value }) =>
            [
              variableKey(this.#expand(key, node, get).text, platform),
              this.#expand(value, node, get).text,
            ] as const,
        );
        for (const [key, value] of pairs) state.variables.set(key, value);
        break;
      }
      case 'run':
        this.#mounts(instruction, node, get, state);
        break;
      default:
        break;
    }
  }

  #declare(
    written: MappedText,
    fallback: MappedText | undefined,
    node: InstructionNode,
    key: string,
    get: (name: string) => string | undefined,
    state: StageOutline,
  ): void {
    const name = written.text;
    let value = own(this.#given, name);
    const inherits = value === undefined && fallback === undefined && this.#globals.has(name);
    if (inherits) value = this.#globals.get(name);
    else if (value === undefined && fallback !== undefined) value = this.#expand(fallback, node, get).text;
    if (value !== undefined) state.variables.set(key, value);
    // An argument from before the first FROM stays the one that was declared there.
    if (!inherits) state.ownArgs.set(name, { name, at: written.range().start, node, value, needs: empty });
    state.used.add(name);
  }

  #mounts(
    { mounts }: RunInstruction,
    node: InstructionNode,
    get: (name: string) => string | undefined,
    { secrets, ssh }: StageOutline,
  ): void {
    for (const { text } of mounts) {
      const mount = this.#at(node, () =>
        parseMount(
          text.text,
          (value) => expandWord(value, { escape: this.#file.dockerfile.tree.escape, get }).result,
        ),
      );
      if (mount === undefined) continue;
      const { type, id, source, target, required } = mount;
      if (type === 'secret') {
        const name = source || id || (target.split('/').findLast((part) => part !== '') ?? '/');
        if (!secrets.has(name)) secrets.set(name, { required, node });
      } else if (type === 'ssh') {
        const name = id || 'default';
        if (!ssh.has(name)) ssh.set(name, { required, node });
      }
    }
  }

  #expand(
    { text }: MappedText,
    node: InstructionNode,
    get: (name: string) => string | undefined,
  ): { readonly text: string; readonly found: ReadonlySet<string> } {
    const { result, uses } = this.#at(node, () =>
      expandWord(text, { escape: this.#file.dockerfile.tree.escape, get }),
    );
    return { text: result, found: new Set(uses.filter(({ found }) => found).map(({ name }) => name)) };
  }

  #at<T>(node: InstructionNode, work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw new OutlineError((error as Error).message, node, error);
    }
  }
}

function outlineMounts(mounts: Mounts): OutlineMount[] {
  return [...mounts]
    .toSorted(([, a], [, b]) => a.node.lines[0] - b.node.lines[0])
    .map(([name, { required, node }]) => ({
      name,
      ...(required ? { required } : {}),
      location: locationOf(node),
    }));
}

const given = <K extends string>(key: K, text: string): { readonly [P in K]?: string } =>
  (text === '' ? {} : { [key]: text }) as { readonly [P in K]?: string };

const list = <K extends string, T>(key: K, items: readonly T[]): { readonly [P in K]?: readonly T[] } =>
  (items.length === 0 ? {} : { [key]: items }) as { readonly [P in K]?: readonly T[] };
