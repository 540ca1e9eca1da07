import { remember } from './memory.ts';
import type { LintFile } from './model.ts';

/** The last stage and those that it is built on: only their layers end up in the image. */
export const finalStages: (file: LintFile) => ReadonlySet<number> = remember((file: LintFile) => {
  const found = new Set<number>();
  for (let stage = file.stages.at(-1); stage !== undefined && !found.has(stage.index);) {
    found.add(stage.index);
    stage = stage.base.stage === undefined ? undefined : file.stages[stage.base.stage];
  }
  return found;
});
