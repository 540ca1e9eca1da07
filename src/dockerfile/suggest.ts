/** ` (did you mean X?)` for a misspelt word: the nearest option at a distance below three; empty when there is none. */
export function didYouMean(word: string, options: readonly string[], ignoreCase = false): string {
  const fold = (text: string) => (ignoreCase ? text.toLowerCase() : text);
  const wanted = fold(word);
  let nearest = '';
  let least = 3;
  for (const option of options) {
    const candidate = fold(option);
    if (candidate === wanted) return '';
    const distance = editDistance(wanted, candidate, least);
    if (distance < least) {
      least = distance;
      nearest = option;
    }
  }
  return nearest === '' ? '' : ` (did you mean ${nearest}?)`;
}

/** Levenshtein distance of two words; any number not below `limit` when it is at least that. */
function editDistance(one: string, other: string, limit: number): number {
  if (Math.abs(one.length - other.length) >= limit) return limit;
  let above = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let row = 1; row <= one.length; row++) {
    const current = [row];
    let least = row;
    for (let column = 1; column <= other.length; column++) {
      const replaced = above[column - 1]! + (one[row - 1] === other[column - 1] ? 0 : 1);
      const distance = Math.min(replaced, above[column]! + 1, current[column - 1]! + 1);
      current.push(distance);
      if (distance < least) least = distance;
    }
    // No later row has less.
    if (least >= limit) return limit;
    above = current;
  }
  return above[other.length]!;
}
