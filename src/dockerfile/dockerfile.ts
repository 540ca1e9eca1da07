import { DockerfileError, InstructionProblem } from './dockerfile-error.ts';
import type { ArgInstruction, FromInstruction, Instruction, StageInstruction } from './instructions.ts';
import { parseSyntax } from './parse.ts';
import { readInstruction } from './read-instruction.ts';
import type { ReadOptions } from './read-instruction.ts';
import type { SourceRange, SourceText } from './source.ts';
import type { InstructionNode, SyntaxTree } from './tree.ts';

export interface Stage {
  readonly index: number;
  /** Lower case; empty when the stage has none. */
  readonly name: string;
  readonly from: FromInstruction;
  readonly instructions: readonly StageInstruction[];
}

export interface Dockerfile {
  readonly tree: SyntaxTree;
  /** ARGs before the first FROM. */
  readonly globalArgs: readonly ArgInstruction[];
  readonly stages: readonly Stage[];
}

/** What a build would refuse, in the order in which it would meet it. */
export interface DockerfileProblem {
  /** The reference's words, innermost. */
  readonly message: string;
  readonly range: SourceRange;
  readonly line: number;
  readonly endLine: number;
  /** `syntax`: found while reading lines, before any instruction is looked at. */
  readonly phase: 'syntax' | 'instruction' | 'structure';
}

/** A Dockerfile with all its problems: instructions that are wrong are left out of the stages. */
export interface AnalyzedDockerfile extends Dockerfile {
  readonly problems: readonly DockerfileProblem[];
}

/** Reads everything that can be read. Never throws. */
export function analyzeDockerfile(source: SourceText | string, options?: ReadOptions): AnalyzedDockerfile {
  const tree = parseSyntax(source, options);
  const problems: DockerfileProblem[] = tree.problems.map((problem) => ({ ...problem, phase: 'syntax' }));
  const globalArgs: ArgInstruction[] = [];
  const stages: { -readonly [K in keyof Stage]: K extends 'instructions' ? StageInstruction[] : Stage[K] }[] =
    [];
  const report = (
    node: InstructionNode,
    phase: DockerfileProblem['phase'],
    message: string,
    range: SourceRange,
  ) => problems.push({ message, range, line: node.lines[0], endLine: node.lines[1], phase });
  /** Also by a FROM that cannot be read: what comes behind it is no mistake of its own. */
  let begun = false;
  for (const node of tree.instructions) {
    begun ||= node.name === 'from';
    if (node.broken) continue;
    const instruction = readOrReport(node, options, report);
    if (!instruction) continue;
    const stage = stages.at(-1);
    if (instruction.kind === 'from') {
      const name = instruction.stageName?.text.toLowerCase() ?? '';
      stages.push({ index: stages.length, name, from: instruction, instructions: [] });
    } else if (stage) {
      stage.instructions.push(instruction);
    } else if (begun) {
      continue;
    } else if (instruction.kind === 'arg') {
      globalArgs.push(instruction);
    } else {
      report(node, 'structure', 'no build stage in current context', node.keyword.range());
    }
  }
  if (!begun && tree.instructions.length > 0) {
    const last = tree.instructions.at(-1)!;
    report(last, 'structure', 'dockerfile contains no stages to build', last.range);
  }
  return { tree, globalArgs, stages, problems };
}

function readOrReport(
  node: InstructionNode,
  options: ReadOptions | undefined,
  report: (node: InstructionNode, phase: 'instruction', message: string, range: SourceRange) => void,
): Instruction | undefined {
  try {
    return readInstruction(node, options);
  } catch (error) {
    if (!(error instanceof InstructionProblem)) throw error;
    report(node, 'instruction', error.message, error.at.range());
    return undefined;
  }
}

/**
 * Reads a Dockerfile for a build. Throws `DockerfileError` for its first problem in the classic builder's words:
 * `failed to parse NAME: …` while reading lines, `dockerfile parse error on line N: …` for an instruction.
 */
export function parseDockerfile(
  source: SourceText | string,
  options: ReadOptions & { readonly name?: string } = { os: 'windows' },
): Dockerfile {
  const name = options.name ?? 'Dockerfile';
  const { problems, ...dockerfile } = analyzeDockerfile(source, options);
  const problem = problems[0];
  if (!problem) return dockerfile;
  const place = { ...problem, source: dockerfile.tree.source };
  if (problem.phase === 'syntax')
    throw new DockerfileError(`failed to parse ${name}: ${problem.message}`, place, name);
  const prefix = problem.phase === 'instruction' ? `dockerfile parse error on line ${problem.line}: ` : '';
  throw new DockerfileError(prefix + problem.message, place, name);
}
