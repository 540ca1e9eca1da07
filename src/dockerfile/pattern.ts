/**
 * Shell patterns of `${v#p}`, `${v%p}` and `${v/p/r}` (dockerfile.md 1.7): `*` and `?` are wild and never match a line feed,
 * `\*`, `\?` and `\\` are literal, `\}` and `\/` lose their backslash, everything else stands for itself. Matching is a
 * simulation of all possible matches at once, so no pattern makes it exponential.
 */
const star = -1;
const anyCharacter = -2;
const lineFeed = 10;
const backslash = 0x5c;

/** Pattern length times value length: above it a substitution is refused, far beyond what a file's own text can need. */
const workLimit = 100_000_000;

/** Code points, `star` or `anyCharacter`. */
export type Pattern = readonly number[];

/** Throws an Error in the reference's words for an escape that is none. */
export function compilePattern(text: string): Pattern {
  const points = codePoints(text);
  const pattern: number[] = [];
  for (let at = 0; at < points.length; at++) {
    const point = points[at]!;
    if (point === 0x2a) pattern.push(star);
    else if (point === 0x3f) pattern.push(anyCharacter);
    else if (point !== backslash) pattern.push(point);
    else {
      const next = points[at + 1];
      if (next === 0x7d || next === 0x2f) continue;
      if (next !== 0x2a && next !== 0x3f && next !== backslash) {
        const shown = next === undefined ? '\uFFFD' : String.fromCodePoint(next);
        throw new Error(`invalid pattern (${text}) in substitution: invalid escape '\\${shown}'`);
      }
      pattern.push(next);
      at++;
    }
  }
  return pattern;
}

/** `value` without its shortest or longest prefix that matches. */
export function trimPrefix(pattern: Pattern, value: string, longest: boolean): string {
  const points = codePoints(value);
  const end = matchPrefix(pattern, points, longest);
  return end === undefined ? value : fromPoints(points, end, points.length);
}

/** `value` without its shortest or longest suffix that matches. */
export function trimSuffix(pattern: Pattern, value: string, longest: boolean): string {
  const points = codePoints(value).reverse();
  const end = matchPrefix([...pattern].reverse(), points, longest);
  return end === undefined ? value : fromPoints(points.slice(end).reverse(), 0, points.length - end);
}

/** `value` with the first match (or all of them) replaced by `replacement`, leftmost and longest. */
export function replaceMatches(pattern: Pattern, value: string, replacement: string, all: boolean): string {
  const points = codePoints(value);
  let result = '';
  let copied = 0;
  let from = 0;
  while (from <= points.length) {
    const match = search(pattern, points, from);
    if (!match) break;
    result += fromPoints(points, copied, match.start);
    // An empty match right after another match is none.
    if (match.end > copied || match.start === 0) result += replacement;
    copied = match.end;
    from = Math.max(from + 1, match.end);
    if (!all) break;
  }
  return result + fromPoints(points, copied, points.length);
}

function codePoints(text: string): number[] {
  const points: number[] = [];
  for (const character of text) points.push(character.codePointAt(0)!);
  return points;
}

function fromPoints(points: readonly number[], start: number, end: number): string {
  let text = '';
  for (let at = start; at < end; at++) text += String.fromCodePoint(points[at]!);
  return text;
}

/** End of the match that begins at the start of `points`. */
function matchPrefix(pattern: Pattern, points: readonly number[], longest: boolean): number | undefined {
  let found: number | undefined;
  run(pattern, points, 0, true, (_start, end) => {
    found = end;
    return longest;
  });
  return found;
}

function search(
  pattern: Pattern,
  points: readonly number[],
  from: number,
): { start: number; end: number } | undefined {
  let best: { start: number; end: number } | undefined;
  run(pattern, points, from, false, (start, end) => {
    if (!best || start <= best.start) best = { start, end };
    return true;
  });
  return best;
}

/**
 * Runs every match that begins at `from` (`anchored`) or anywhere after it. `onMatch` is called with ends in growing order,
 * for each the earliest start; it answers whether to look for a later end.
 */
function run(
  pattern: Pattern,
  points: readonly number[],
  from: number,
  anchored: boolean,
  onMatch: (start: number, end: number) => boolean,
): void {
  const states = pattern.length;
  if ((states + 1) * (points.length - from + 1) > workLimit) {
    throw new Error('pattern and value are too long for a substitution');
  }
  const none = points.length + 1;
  // Per pattern index: the earliest start of a match that has come this far.
  let current = new Float64Array(states + 1).fill(none);
  let next = new Float64Array(states + 1);
  let earliest = none;
  for (let at = from; ; at++) {
    if (earliest === none && (at === from || !anchored)) current[0] = Math.min(current[0]!, at);
    let alive = false;
    for (let state = 0; state < states; state++) {
      const start = current[state]!;
      if (start === none || start > earliest) continue;
      if (pattern[state] === star) current[state + 1] = Math.min(current[state + 1]!, start);
      alive = true;
    }
    const matched = current[states]!;
    if (matched !== none && matched <= earliest) {
      earliest = matched;
      if (!onMatch(matched, at)) return;
    }
    if (at >= points.length || (!alive && (anchored || earliest !== none))) return;
    const point = points[at]!;
    next.fill(none);
    for (let state = 0; state < states; state++) {
      const start = current[state]!;
      if (start === none || start > earliest) continue;
      const wanted = pattern[state]!;
      if (wanted === star) {
        if (point !== lineFeed) next[state] = Math.min(next[state]!, start);
      } else if (wanted === point || (wanted === anyCharacter && point !== lineFeed)) {
        next[state + 1] = Math.min(next[state + 1]!, start);
      }
    }
    [current, next] = [next, current];
  }
}
