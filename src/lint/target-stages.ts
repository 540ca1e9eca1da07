/** Which parts of a Dockerfile a build of one stage needs. */
import { didYouMean } from '../dockerfile/suggest.ts';
import { LintUsageError } from './config.ts';
import { remember } from './memory.ts';
import type { LintFile, LintInstruction, LintStage } from './model.ts';

/** The stage that `--target` means; '' is the last one. Throws `LintUsageError`. */
export function targetStage(file: LintFile, target: string): LintStage | undefined {
  if (target === '') return file.stages.at(-1);
  const byName = namedStages(file);
  const found = byName.get(target.toLowerCase()) ?? stageNumbered(file, target);
  if (found !== undefined) return found;
  const hint = didYouMean(target, [...byName.keys()], true);
  throw new LintUsageError(`target stage ${JSON.stringify(target)} could not be found${hint}`);
}

/** Whether a line belongs to the target, to a stage that it needs, or to none; '' needs all. Throws `LintUsageError`. */
export function linesForTarget(file: LintFile, target: string): (line: number) => boolean {
  if (target === '') return () => true;
  const wanted = targetStage(file, target);
  const needed = new Set<number>();
  const waiting = wanted === undefined ? [] : [wanted];
  for (let stage = waiting.pop(); stage !== undefined; stage = waiting.pop()) {
    if (needed.has(stage.index)) continue;
    needed.add(stage.index);
    if (stage.base.stage !== undefined) waiting.push(file.stages[stage.base.stage]!);
    waiting.push(...stagesUsed(file, stage.index, sourcesOf(stage.instructions)));
  }
  const starts = file.stages.map(({ from }) => from.node.lines[0]);
  return (line) => {
    const index = starts.findLastIndex((start) => start <= line);
    return index < 0 || needed.has(file.stages[index]!.index);
  };
}

/** Stages before the one of number `index` that `COPY --from` and mounts name. */
export function stagesUsed(file: LintFile, index: number, names: readonly string[]): LintStage[] {
  const byName = namedStages(file);
  return names.flatMap((name) => {
    const source = byName.get(name.toLowerCase()) ?? stageNumbered(file, name);
    return source !== undefined && source.index < index ? [source] : [];
  });
}

const namedStages = remember((file: LintFile): ReadonlyMap<string, LintStage> => {
  const byName = new Map(file.stages.map((stage) => [stage.name, stage]));
  byName.delete('');
  return byName;
});

/** Stages have numbers, too. */
function stageNumbered(file: LintFile, name: string): LintStage | undefined {
  return /^\d+$/.test(name) ? file.stages[Number(name)] : undefined;
}

/** What instructions copy or mount from: stages and images. */
export function sourcesOf(instructions: readonly Pick<LintInstruction, 'instruction'>[]): string[] {
  return instructions.flatMap(({ instruction }) => {
    if (instruction.kind === 'copy') return instruction.from === undefined ? [] : [instruction.from.text];
    if (instruction.kind !== 'run') return [];
    return instruction.mounts.flatMap(({ mount }) => (mount?.from === undefined ? [] : [mount.from]));
  });
}
