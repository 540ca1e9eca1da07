/** `Command` of list items: path and arguments, those with blanks in single quotes (moby `quoteIfNeeded` of lists). */
export function commandText(path: string, args: readonly string[]): string {
  if (args.length === 0) return path;
  return `${path} ${args.map((word) => (word.includes(' ') ? `'${word}'` : word)).join(' ')}`;
}
