/** What Go's text/template reports, message included: `template: :1:2: executing "" at <.X>: …`. */
export class TemplateError extends Error {
  /** `parse` errors are exit code 64 for `inspect --format`, `execute` errors 1 (docker-cli.md 3.5). */
  readonly phase: 'parse' | 'execute';

  constructor(phase: 'parse' | 'execute', message: string) {
    super(message);
    this.name = 'TemplateError';
    this.phase = phase;
  }
}
