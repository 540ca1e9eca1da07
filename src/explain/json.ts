import { catalogueVersion } from './catalogue.ts';
import type { Explanation } from './explanation.ts';
import type { Answer } from './find.ts';
import { spellings } from './render.ts';

/** One explanation of `explain --json`; members only grow. */
export function explanationDocument(explanation: Explanation): Record<string, unknown> {
  const { id, family, names, title, hint, cause, fix, see } = explanation;
  const codes = spellings(explanation);
  return {
    id,
    family,
    ...(codes === '' ? {} : { codes: codes.split(/[ ,()]+/).filter((part) => part !== '') }),
    names,
    title,
    hint,
    cause,
    fix,
    see,
  };
}

export function answerDocument({ matches, unknown }: Answer): Record<string, unknown> {
  return {
    apiVersion: 'porthole/v1',
    table: catalogueVersion,
    matches: matches.map(({ explanation, of }) => ({ of, ...explanationDocument(explanation) })),
    unknown: unknown.map(({ shown, hex, kind, text }) => ({ code: shown, hex, kind, text })),
  };
}
