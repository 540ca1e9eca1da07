import type { ContainerConfig } from '../api/types/index.ts';
import { DockerfileError, InstructionProblem } from '../dockerfile/dockerfile-error.ts';
import type { Instruction, StageInstruction } from '../dockerfile/instructions.ts';
import { parseSyntax } from '../dockerfile/parse.ts';
import { readInstruction } from '../dockerfile/read-instruction.ts';
import type { InstructionNode, SyntaxTree } from '../dockerfile/tree.ts';
import { lookUpIn } from '../dockerfile/variables.ts';
import { asError, PortholeError } from '../errors/porthole-error.ts';
import { expander } from './expander.ts';
import { applyMetadata } from './run-config.ts';
import type { MetadataInstruction, MetadataState } from './run-config.ts';
import { stopSignalNotSupported } from './stop-signal.ts';
import { normalizeWorkdir } from './windows-paths.ts';

/** What error places call the text of the changes. */
const source = '--change';

type CommitInstruction = Exclude<
  StageInstruction,
  { kind: 'add' | 'arg' | 'copy' | 'maintainer' | 'run' | 'shell' }
>;

/** Docker's list for commit. STOPSIGNAL is on it, and refused for Windows afterwards. */
const allowed: ReadonlySet<string> = new Set<CommitInstruction['kind']>([
  'cmd',
  'entrypoint',
  'env',
  'expose',
  'healthcheck',
  'label',
  'onbuild',
  'stopsignal',
  'user',
  'volume',
  'workdir',
]);

/**
 * A container's configuration after the instructions of `commit --change`, which are read as one Dockerfile without stages.
 * Each is applied to what those before it left. Throws kind `invalid` with Docker's words, before anything is applied for
 * what can be seen in the text alone.
 */
export function applyChanges(config: ContainerConfig, changes: readonly string[]): ContainerConfig {
  if (changes.length === 0) return config;
  const tree = parseSyntax(changes.join('\n'));
  const problem = tree.problems[0];
  if (problem !== undefined)
    throw new DockerfileError(problem.message, { ...problem, source: tree.source }, source);
  for (const node of tree.instructions) requireAllowed(node);
  const instructions = tree.instructions.map((node) => read(tree, node));
  let state: MetadataState = { config, cmdSet: false };
  for (const instruction of instructions) state = apply(tree, state, instruction);
  const { ArgsEscaped: _, ...kept } = config;
  return { ...kept, ...state.config };
}

function requireAllowed(node: InstructionNode): void {
  if (allowed.has(node.name)) return;
  throw new PortholeError(
    'invalid',
    'CHANGE_NOT_ALLOWED',
    `${node.keyword.text} is not a valid change command`,
    {
      hint: '--change takes CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, LABEL, ONBUILD, USER, VOLUME and WORKDIR',
    },
  );
}

function read(tree: SyntaxTree, node: InstructionNode): Instruction {
  try {
    return readInstruction(node);
  } catch (error) {
    if (!(error instanceof InstructionProblem)) throw error;
    throw new DockerfileError(error.message, { ...placeOf(tree, node), range: error.at.range() }, source);
  }
}

function apply(tree: SyntaxTree, state: MetadataState, instruction: Instruction): MetadataState {
  if (instruction.kind === 'stopsignal') throw stopSignalNotSupported();
  const get = lookUpIn(state.config.Env ?? [], 'windows');
  const expand = expander(tree.escape, get, { ...placeOf(tree, instruction.node), name: source });
  try {
    if (instruction.kind !== 'workdir')
      return applyMetadata(instruction as MetadataInstruction, state, expand);
    const path = normalizeWorkdir(state.config.WorkingDir ?? '', expand.word(instruction.path));
    return { ...state, config: { ...state.config, WorkingDir: path } };
  } catch (error) {
    if (error instanceof PortholeError) throw error;
    throw new PortholeError('invalid', 'CHANGE_INVALID', asError(error).message, { cause: error });
  }
}

function placeOf(
  tree: SyntaxTree,
  { lines: [line, endLine] }: InstructionNode,
): { readonly source: SyntaxTree['source']; readonly line: number; readonly endLine: number } {
  return { source: tree.source, line, endLine };
}
