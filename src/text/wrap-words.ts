import { characterWidth, displayWidth } from './width.ts';

/** Lines of words, each at most `width` columns wide; a word wider than a line is cut. */
export function wrapWords(text: string, width: number): string[] {
  if (displayWidth(text) <= width) return [text.replace(/^ +/, '')];
  const lines: string[] = [];
  let current = '';
  let used = 0;
  for (const word of text.split(' ').flatMap((one) => pieces(one, width))) {
    const columns = displayWidth(word);
    if (current !== '' && used + 1 + columns > width) {
      lines.push(current);
      current = '';
    }
    used = current === '' ? columns : used + 1 + columns;
    current = current === '' ? word : `${current} ${word}`;
  }
  return [...lines, current];
}

function pieces(word: string, width: number): string[] {
  if (displayWidth(word) <= width) return [word];
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
