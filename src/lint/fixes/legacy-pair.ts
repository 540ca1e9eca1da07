import type { PairNode } from '../../dockerfile/tree.ts';
import type { Fix } from '../rule.ts';

/** What separates words: U+0085 too, which is no blank for patterns. */
const blank = /[\s\u0085]/;

/**
 * `KEY value` -> `KEY=value`, quoted where the value needs it. None where quotes, escapes or lines of either could change
 * meaning: with `=` a quote in the key takes the value in, and a backslash means another thing between quotes.
 */
export function legacyPairFix({ key, value }: PairNode): Fix | undefined {
  const text = value.text;
  const between = { start: key.range().end, end: value.range().end };
  const oneLine = between.end - value.range().start === text.length;
  if (!oneLine || /["'`]/.test(text) || text.endsWith('\\')) return undefined;
  if (/["'`\\=]/.test(key.text) || (blank.test(text) && text.includes('\\'))) return undefined;
  const quoted = blank.test(text) ? `"${text}"` : text;
  return { title: 'Write key=value', edits: [{ range: between, text: `=${quoted}` }] };
}
