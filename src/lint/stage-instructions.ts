import type { StageInstruction } from '../dockerfile/instructions.ts';
import { remember } from './memory.ts';
import type { LintInstruction, LintStage } from './model.ts';

type Kind = StageInstruction['kind'];

/** One instruction of some kinds with the state in force before it. */
export type Of<Kinds extends Kind> = LintInstruction & {
  readonly instruction: Extract<StageInstruction, { kind: Kinds }>;
};

const none: readonly never[] = [];

const byKind = remember(({ instructions }: LintStage): ReadonlyMap<Kind, readonly LintInstruction[]> =>
  Map.groupBy(instructions, ({ instruction }) => instruction.kind),
);

/**
 * The instructions of a stage that are of one kind, in their order, or of several, one kind after the other. Most rules are about
 * few of them, and nothing costs all rules together more than to look at each instruction in turn.
 */
export function instructionsOf<Kinds extends Kind>(
  stage: LintStage,
  ...kinds: readonly Kinds[]
): readonly Of<Kinds>[] {
  const found = byKind(stage);
  let chosen: readonly LintInstruction[] = none;
  for (const kind of kinds) {
    const some = found.get(kind);
    if (some !== undefined) chosen = chosen.length === 0 ? some : [...chosen, ...some];
  }
  return chosen as readonly Of<Kinds>[];
}
