/** A configuration that cannot be used: one line a mistake, each with path, line, column and what was expected. */
export class LintConfigError extends Error {
  constructor(lines: readonly string[]) {
    super(lines.join('\n'));
    this.name = 'LintConfigError';
  }
}
