/** Some names, of programs or of anything else: a regular expression, or a set of words. */
export interface Names {
  test(name: string): boolean;
}

/**
 * The words of `text`, between single blanks, as they are. A regular expression that lists as many is compiled twice, which in a
 * process that lints a few files costs more than all the questions.
 */
export function namesIn(text: string): Names {
  const names = new Set(text.split(' '));
  return { test: (name) => names.has(name) };
}
