import type { LintFile } from './model.ts';

const byFile = new WeakMap<LintFile, ReadonlySet<number>>();

/** The last stage and those that it is built on: only their layers end up in the image. */
export function finalStages(file: LintFile): ReadonlySet<number> {
  const known = byFile.get(file);
  if (known !== undefined) return known;
  const found = new Set<number>();
  byFile.set(file, found);
  for (let stage = file.stages.at(-1); stage !== undefined && !found.has(stage.index);) {
    found.add(stage.index);
    stage = stage.base.stage === undefined ? undefined : file.stages[stage.base.stage];
  }
  return found;
}
