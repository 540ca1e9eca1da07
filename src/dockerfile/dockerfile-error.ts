import { PortholeError } from '../errors/porthole-error.ts';
import type { MappedText } from './mapped-text.ts';
import type { SourceRange, SourceText } from './source.ts';

/** A Dockerfile that cannot be built: kind `invalid`, code `DOCKERFILE_INVALID`, Docker's words, and where it is wrong. */
export class DockerfileError extends PortholeError {
  readonly range: SourceRange;
  /** 1-based; 0 for an error in a directive on the first line, as the reference reports it. */
  readonly line: number;
  readonly endLine: number;

  constructor(
    message: string,
    place: {
      readonly source: SourceText;
      readonly range: SourceRange;
      readonly line: number;
      readonly endLine: number;
    },
    name = 'Dockerfile',
  ) {
    super('invalid', 'DOCKERFILE_INVALID', message, { hint: excerpt(place.source, place.range, name) });
    this.name = 'DockerfileError';
    this.range = place.range;
    this.line = place.line;
    this.endLine = place.endLine;
  }
}

/** What is wrong inside one instruction, before it is known on which line that stands. */
export class InstructionProblem extends Error {
  readonly at: MappedText;

  constructor(message: string, at: MappedText) {
    super(message);
    this.name = 'InstructionProblem';
    this.at = at;
  }
}

const excerptWidth = 100;

/** `Dockerfile:3:5: RUNN echo` */
export function excerpt(source: SourceText, range: SourceRange, name: string): string {
  const { line, column } = source.position(range.start);
  const text = source.line(line).trim();
  const shown = text.length > excerptWidth ? text.slice(0, excerptWidth - 1) + '…' : text;
  return `${name}:${line}:${column}: ${shown}`;
}
