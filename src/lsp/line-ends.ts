/** Ends of lines cut off in time linear in the line: a pattern tries every run of blanks anew. */
export const withoutBlanks = (text: string): string => cut(text, ' ', '\t');
export const withoutReturns = (text: string): string => cut(text, '\r', '\r');

function cut(text: string, one: string, other: string): string {
  let end = text.length;
  while (end > 0 && (text[end - 1] === one || text[end - 1] === other)) end--;
  return text.slice(0, end);
}
