import { DockerfileError } from '../dockerfile/dockerfile-error.ts';
import { expandWord, ExpansionError } from '../dockerfile/expand.ts';
import type { EscapeCharacter, Expansion } from '../dockerfile/expand.ts';
import type { MappedText } from '../dockerfile/mapped-text.ts';
import type { SourceText } from '../dockerfile/source.ts';
import type { Expander } from './run-config.ts';

/** Where the words of an instruction stand, for errors. */
export interface ExpansionPlace {
  readonly source: SourceText;
  readonly line: number;
  readonly endLine: number;
  /** What the text is called: `Dockerfile` unless told otherwise. */
  readonly name?: string;
}

/** Expands words of one instruction. Throws `DockerfileError` with the place of the variable that is wrong. */
export function expander(
  escape: EscapeCharacter,
  get: (name: string) => string | undefined,
  place: ExpansionPlace,
): Expander {
  const expand = (text: MappedText): Expansion => {
    try {
      return expandWord(text.text, { escape, get });
    } catch (error) {
      if (!(error instanceof ExpansionError)) throw error;
      const range = text.range(error.start, error.end);
      throw new DockerfileError(error.message, { ...place, range }, place.name);
    }
  };
  return {
    word: (text) => expand(text).result,
    words: (text) => expand(text).words,
  };
}
