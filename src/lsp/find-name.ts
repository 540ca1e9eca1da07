/** Which stage or variable stands at a position; go-to-definition, references, highlights and renaming go from there. */
import { validStageName } from '../dockerfile/read-instruction.ts';
import type { SourceRange } from '../dockerfile/source.ts';
import type { Analysis } from './analysis.ts';
import type { VariableDefinition } from './names.ts';

export type FoundName =
  | {
      readonly kind: 'stage';
      readonly stage: number;
      readonly range: SourceRange;
      readonly declaration: boolean;
    }
  | {
      readonly kind: 'variable';
      readonly name: string;
      readonly range: SourceRange;
      readonly definitions: readonly VariableDefinition[];
      readonly by: 'builder' | 'shell';
    };

const covers = ({ start, end }: SourceRange, offset: number): boolean => offset >= start && offset <= end;

export function nameAt(analysis: Analysis, offset: number): FoundName | undefined {
  const { names, stages } = analysis;
  for (const { from, index } of stages) {
    const range = from.stageName?.range();
    if (range && covers(range, offset)) return { kind: 'stage', stage: index, range, declaration: true };
  }
  const definition = names.definitions.find(({ range }) => covers(range, offset));
  if (definition !== undefined) {
    const { name, range } = definition;
    return { kind: 'variable', name, range, definitions: [definition], by: 'builder' };
  }
  // Of uses inside of uses (`${a:-$b}`) the innermost is meant.
  const uses = names.uses.filter(({ range }) => covers(range, offset));
  const use = uses.toSorted((one, other) => length(one.range) - length(other.range))[0];
  if (use !== undefined) {
    const definitions = names.definitionsOf(use);
    // A shell has variables of its own, of which this file knows nothing.
    if (use.by === 'builder' || definitions.length > 0) {
      return { kind: 'variable', name: use.name, range: use.range, definitions, by: use.by };
    }
  }
  const stage = names.stageUses.find(({ range }) => covers(range, offset));
  if (stage !== undefined)
    return { kind: 'stage', stage: stage.stage, range: stage.range, declaration: false };
  return undefined;
}

const length = ({ start, end }: SourceRange): number => end - start;

export function definitionRanges(analysis: Analysis, offset: number): SourceRange[] {
  const found = nameAt(analysis, offset);
  if (found === undefined) return [];
  if (found.kind === 'variable') return found.definitions.map(({ range }) => range);
  const { from } = analysis.stages[found.stage]!;
  return [(from.stageName ?? from.node.keyword).range()];
}

export interface Occurrence {
  readonly range: SourceRange;
  readonly definition: boolean;
}

/** All places that mean what stands at `offset`, in the order of the file. */
export function occurrences(analysis: Analysis, offset: number): Occurrence[] {
  const { names, stages } = analysis;
  const found = nameAt(analysis, offset);
  if (found === undefined) return [];
  const all: Occurrence[] = [];
  if (found.kind === 'stage') {
    const name = stages[found.stage]!.from.stageName;
    if (name) all.push({ range: name.range(), definition: true });
    for (const { stage, range } of names.stageUses) {
      if (stage === found.stage) all.push({ range, definition: false });
    }
  } else {
    for (const definition of found.definitions) {
      all.push({ range: definition.range, definition: true });
      for (const { range } of names.usesOf(definition)) all.push({ range, definition: false });
    }
  }
  const unique = new Map(all.map((one) => [`${one.range.start}-${one.range.end}`, one]));
  return [...unique.values()].toSorted((one, other) => one.range.start - other.range.start);
}

/** The name's place when it is a stage's that has one; only those can be renamed without looking into shell texts. */
export function renameRange(analysis: Analysis, offset: number): SourceRange | undefined {
  const found = nameAt(analysis, offset);
  if (found?.kind !== 'stage' || analysis.stages[found.stage]!.from.stageName === undefined) return undefined;
  const use = analysis.names.stageUses.find(({ range }) => range.start === found.range.start);
  return use?.byNumber === true ? undefined : found.range;
}

/** Throws an Error in plain words when the name cannot be a stage's. */
export function renameStage(analysis: Analysis, offset: number, newName: string): SourceRange[] {
  const found = nameAt(analysis, offset);
  if (found?.kind !== 'stage' || renameRange(analysis, offset) === undefined) {
    throw new Error('only names of stages can be renamed');
  }
  if (!validStageName.test(newName.toLowerCase())) {
    throw new Error(`"${newName}" cannot name a stage: a letter, then letters, digits, "-", "_" and "."`);
  }
  const taken = analysis.stages.some(
    ({ name, index }) => index !== found.stage && name === newName.toLowerCase(),
  );
  if (taken) throw new Error(`another stage is called "${newName}" already`);
  const { names } = analysis;
  const name = analysis.stages[found.stage]!.from.stageName!;
  const uses = names.stageUses.filter(({ stage, byNumber }) => stage === found.stage && !byNumber);
  return [name.range(), ...uses.map(({ range }) => range)];
}
