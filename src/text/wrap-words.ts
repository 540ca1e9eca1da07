import { characterWidth, displayWidth, isNarrow } from './width.ts';

/** Lines of words, each at most `width` columns wide; a word wider than a line is cut. */
export function wrapWords(text: string, width: number): string[] {
  if (displayWidth(text) <= width) return [text.replace(/^ +/, '')];
  const columnsOf = isNarrow(text) ? (part: string): number => part.length : displayWidth;
  const lines: string[] = [];
  let current = '';
  let used = 0;
  for (const word of text.split(' ').flatMap((one) => (columnsOf(one) <= width ? one : pieces(one, width)))) {
    const columns = columnsOf(word);
    if (current !== '' && used + 1 + columns > width) {
      lines.push(current);
      current = '';
    }
    used = current === '' ? columns : used + 1 + columns;
    current = current === '' ? word : `${current} ${word}`;
  }
  return [...lines, current];
}

/** Of a word that is wider than a line. */
function pieces(word: string, width: number): string[] {
  const found: string[] = [];
  let piece = '';
  let used = 0;
  for (const character of word) {
    const columns = characterWidth(character);
    if (used + columns > width) {
      found.push(piece);
      piece = '';
      used = 0;
    }
    piece += character;
    used += columns;
  }
  return [...found, piece];
}
