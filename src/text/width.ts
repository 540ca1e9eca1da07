/** Display width of text as Go's golang.org/x/text/width counts it: East Asian wide and fullwidth characters take two columns. */
function isWide(character: string): boolean {
  return /[\u1100-\u115f\u231a\u231b\u2329\u232a\u23e9-\u23ec\u23f0\u23f3\u25fd\u25fe\u2614\u2615\u2648-\u2653\u267f\u2693\u26a1\u26aa\u26ab\u26bd\u26be\u26c4\u26c5\u26ce\u26d4\u26ea\u26f2\u26f3\u26f5\u26fa\u26fd\u2705\u270a\u270b\u2728\u274c\u274e\u2753-\u2755\u2757\u2795-\u2797\u27b0\u27bf\u2b1b\u2b1c\u2b50\u2b55\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18aff}\u{1b000}-\u{1b2ff}\u{1f004}\u{1f0cf}\u{1f18e}\u{1f191}-\u{1f19a}\u{1f200}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f7e0}-\u{1f7eb}\u{1f90c}-\u{1f9ff}\u{1fa70}-\u{1faff}\u{20000}-\u{3fffd}]/u.test(
    character,
  );
}
/** Text whose length is its width: below the first wide block and the surrogates, or Docker's own `…`. */
const narrow = /^[\x00-\u10ff\u2026]*$/;

/** Every part of the text has as many columns as characters. */
export function isNarrow(text: string): boolean {
  return narrow.test(text);
}

/** Columns one character takes. */
export function characterWidth(character: string): 1 | 2 {
  // The first wide block.
  if (character < '\u1100') return 1;
  return isWide(character) ? 2 : 1;
}

export function displayWidth(text: string): number {
  if (narrow.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

/** Docker's Ellipsis: text wider than `limit` columns keeps `limit - 1` of them and ends in `…`. */
export function ellipsis(text: string, limit: number): string {
  if (limit <= 0) return '';
  if (displayWidth(text) <= limit) return text;
  if (limit > 1 && narrow.test(text)) return text.slice(0, limit - 1) + '…';
  const characters = [...text];
  if (limit === 1) return characters[0]!;
  let width = 0;
  let kept = '';
  for (const character of characters) {
    width += characterWidth(character);
    if (width > limit - 1) break;
    kept += character;
  }
  return kept + '…';
}
