import type { MappedText } from '../dockerfile/mapped-text.ts';
import type { LintFile, LintStage } from './model.ts';
import { instructionsOf } from './stage-instructions.ts';

export interface CopyFrom {
  readonly from: MappedText;
  /** `--from` in lower case, as stages are named; never empty. */
  readonly name: string;
  /** The stage that the instruction is in. */
  readonly stage: LintStage;
  /** Names of the stages before it. */
  readonly earlier: ReadonlySet<string>;
}

/** Every `COPY --from` of a file. `earlier` is good until the next is asked for. */
export function* copiesFrom(file: LintFile): Generator<CopyFrom> {
  const earlier = new Set<string>();
  for (const stage of file.stages) {
    for (const { instruction } of instructionsOf(stage, 'copy')) {
      const { from } = instruction;
      const name = from?.text.toLowerCase() ?? '';
      if (from !== undefined && name !== '') yield { from, name, stage, earlier };
    }
    earlier.add(stage.name);
  }
}
