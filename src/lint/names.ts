/**
 * The words of `text`, between single blanks. A regular expression that lists as many is compiled twice, which in a process that
 * lints a few files costs more than all the questions.
 */
export function namesIn(text: string): ReadonlySet<string> {
  return new Set(text.split(' '));
}
