/** Words up to `columns`; a word that is longer than a line stands alone. Ends with a newline. */
export function fillWords(text: string, first: string, rest = first, columns = 80): string {
  let out = '';
  let line = first;
  let empty = true;
  for (const word of text.split(' ')) {
    if (!empty && line.length + 1 + word.length > columns) {
      out += `${line.trimEnd()}\n`;
      line = rest;
      empty = true;
    }
    line += empty ? word : ` ${word}`;
    empty = false;
  }
  return `${out}${line.trimEnd()}\n`;
}
