import type { PairNode } from '../../dockerfile/tree.ts';
import type { Fix } from '../rule.ts';

/** `KEY value` -> `KEY=value`, quoted where the value needs it. None for values whose own quotes or lines could change meaning. */
export function legacyPairFix({ key, value }: PairNode): Fix | undefined {
  const text = value.text;
  const between = { start: key.range().end, end: value.range().end };
  const oneLine = between.end - value.range().start === text.length;
  if (!oneLine || /["'`]/.test(text) || text.endsWith('\\')) return undefined;
  const quoted = /[\s]/.test(text) ? `"${text}"` : text;
  return { title: 'Write key=value', edits: [{ range: between, text: `=${quoted}` }] };
}
