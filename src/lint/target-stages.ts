/** Which parts of a Dockerfile a build of one stage needs. */
import { didYouMean } from '../dockerfile/suggest.ts';
import { LintUsageError } from './config.ts';
import type { LintFile, LintStage } from './model.ts';

/** Whether a line belongs to the target, to a stage that it needs, or to none; '' needs all. Throws `LintUsageError`. */
export function linesForTarget(file: LintFile, target: string): (line: number) => boolean {
  if (target === '') return () => true;
  const byName = new Map(file.stages.map((stage) => [stage.name, stage]));
  byName.delete('');
  const wanted = byName.get(target.toLowerCase()) ?? stageNumbered(file, target);
  if (wanted === undefined) {
    const hint = didYouMean(target, [...byName.keys()], true);
    throw new LintUsageError(`target stage ${JSON.stringify(target)} could not be found${hint}`);
  }
  const needed = new Set<number>();
  const waiting = [wanted];
  for (let stage = waiting.pop(); stage !== undefined; stage = waiting.pop()) {
    if (needed.has(stage.index)) continue;
    needed.add(stage.index);
    if (stage.base.stage !== undefined) waiting.push(file.stages[stage.base.stage]!);
    for (const name of sourcesOf(stage)) {
      const source = byName.get(name.toLowerCase()) ?? stageNumbered(file, name);
      if (source !== undefined && source.index < stage.index) waiting.push(source);
    }
  }
  const starts = file.stages.map(({ from }) => from.node.lines[0]);
  return (line) => {
    const index = starts.findLastIndex((start) => start <= line);
    return index < 0 || needed.has(file.stages[index]!.index);
  };
}

/** Stages have numbers, too. */
function stageNumbered(file: LintFile, name: string): LintStage | undefined {
  return /^\d+$/.test(name) ? file.stages[Number(name)] : undefined;
}

function sourcesOf({ instructions }: LintStage): string[] {
  return instructions.flatMap(({ instruction }) => {
    if (instruction.kind === 'copy') return instruction.from === undefined ? [] : [instruction.from.text];
    if (instruction.kind !== 'run') return [];
    return instruction.mounts.flatMap(({ mount }) => (mount?.from === undefined ? [] : [mount.from]));
  });
}
