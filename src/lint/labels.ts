/** Labels of a stage, and what the label schema of the configuration says about them. */
import type { PairNode } from '../dockerfile/tree.ts';
import { variableKey } from '../dockerfile/variables.ts';
import { expandLenient } from './build-model.ts';
import type { LintFile, LintInstruction, LintStage } from './model.ts';
import type { LabelType, RuleContext } from './rule.ts';

export interface StageLabel {
  /** Without quotes, not expanded. */
  readonly key: string;
  readonly pair: PairNode;
  readonly context: LintInstruction;
}

export function labelsOf(stage: LintStage): StageLabel[] {
  return stage.instructions.flatMap((context) => {
    const { instruction } = context;
    if (instruction.kind !== 'label') return [];
    return instruction.pairs.map((pair) => ({ key: pair.key.text.replace(/["']/g, ''), pair, context }));
  });
}

/** Expanded; undefined when it holds a variable whose value only a build knows. */
export function labelValue(
  { pair, context }: StageLabel,
  stage: LintStage,
  file: LintFile,
): string | undefined {
  let known = true;
  const { text, unresolved } = expandLenient(pair.value.text, file.dockerfile.tree.escape, (name) => {
    const value = context.variables.get(variableKey(name, stage.platform));
    known &&= value !== undefined;
    return value;
  });
  return known && !unresolved ? text : undefined;
}

/** Reports labels that the schema gives `type` and whose value is none; empty values are another rule's. */
export function reportLabelType(
  stage: LintStage,
  { file, options, report }: RuleContext,
  type: LabelType,
  wanted: string,
  isValid: (value: string) => boolean,
): void {
  const { labelSchema } = options;
  if (!Object.values(labelSchema).includes(type)) return;
  for (const label of labelsOf(stage)) {
    const { key, pair } = label;
    if (!Object.hasOwn(labelSchema, key) || labelSchema[key] !== type) continue;
    const value = labelValue(label, stage, file);
    if (value === undefined || value.trim() === '' || isValid(value)) continue;
    report({ message: `label "${key}" is not ${wanted}`, range: pair.value.range() });
  }
}
