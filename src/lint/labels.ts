/** Labels of a stage, and what the label schema of the configuration says about them. */
import type { PairNode } from '../dockerfile/tree.ts';
import { variableKey } from '../dockerfile/variables.ts';
import { expandLenient } from './build-model.ts';
import type { LintFile, LintStage } from './model.ts';
import type { LabelType, RuleContext } from './rule.ts';

export interface StageLabel {
  /** Without quotes, not expanded. */
  readonly key: string;
  /** Expanded as far as the file tells. */
  readonly value: string;
  /** The value holds a variable whose value only a build knows. */
  readonly unknown: boolean;
  readonly pair: PairNode;
}

export function labelsOf(stage: LintStage, file: LintFile): StageLabel[] {
  const { escape } = file.dockerfile.tree;
  return stage.instructions.flatMap(({ instruction, variables }) => {
    if (instruction.kind !== 'label') return [];
    return instruction.pairs.map((pair) => {
      let unknown = false;
      const { text, unresolved } = expandLenient(pair.value.text, escape, (name) => {
        const value = variables.get(variableKey(name, stage.platform));
        unknown ||= value === undefined;
        return value;
      });
      return { key: pair.key.text.replace(/["']/g, ''), value: text, unknown: unknown || unresolved, pair };
    });
  });
}

/** Reports labels that the schema gives `type` and whose value is none; empty values are another rule's. */
export function reportLabelType(
  stage: LintStage,
  { file, options, report }: RuleContext,
  type: LabelType,
  wanted: string,
  isValid: (value: string) => boolean,
): void {
  for (const { key, value, unknown, pair } of labelsOf(stage, file)) {
    if (!Object.hasOwn(options.labelSchema, key) || options.labelSchema[key] !== type) continue;
    if (unknown || value.trim() === '' || isValid(value)) continue;
    report({ message: `label "${key}" is not ${wanted}`, range: pair.value.range() });
  }
}
