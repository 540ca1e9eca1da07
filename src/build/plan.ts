import type { Dockerfile, Stage } from '../dockerfile/dockerfile.ts';
import { didYouMean } from '../dockerfile/suggest.ts';
import { trimSpaces } from '../dockerfile/whitespace.ts';
import type { InstructionNode } from '../dockerfile/tree.ts';

/** What the classic builder does with a Dockerfile (dockerfile.md 1.9, 2.6): every stage up to the target, in order. */
export interface BuildPlan {
  readonly stages: readonly Stage[];
  /** `--label`, sorted: steps of the last stage. */
  readonly labels: readonly (readonly [name: string, value: string])[];
  /** N of `Step i/N`. */
  readonly steps: number;
}

/** Throws an Error in Docker's words when there is no such stage. */
export function planBuild(
  dockerfile: Dockerfile,
  options: { readonly target: string; readonly labels: Readonly<Record<string, string>> },
): BuildPlan {
  const stages = untilTarget(dockerfile.stages, options.target);
  const labels = Object.entries(options.labels).sort(([one], [other]) =>
    one < other ? -1 : one > other ? 1 : 0,
  );
  const instructions = stages.reduce((sum, stage) => sum + stage.instructions.length, 0);
  return {
    stages,
    labels,
    steps: dockerfile.globalArgs.length + stages.length + instructions + labels.length,
  };
}

function untilTarget(stages: readonly Stage[], target: string): readonly Stage[] {
  if (target === '') return stages;
  const wanted = target.toLowerCase();
  const index = stages.findIndex(({ name }) => name !== '' && name === wanted);
  if (index >= 0) return stages.slice(0, index + 1);
  const names = stages.map(({ name }) => name).filter((name) => name !== '');
  throw new Error(
    `target stage ${JSON.stringify(target)} could not be found${didYouMean(target, names, true)}`,
  );
}

/** The instruction as a step line shows it: the joined text, keyword as written. */
export function stepText(node: InstructionNode): string {
  return trimSpaces(node.text.text);
}
