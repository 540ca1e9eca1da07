import { cleanPath } from './clean-path.ts';
import type { PathStyle } from './clean-path.ts';
import { BadPatternError, checkGlob } from './glob.ts';

/** `.dockerignore` (dockerfile.md 2.10). Paths and patterns use the separator of their style. */

/** The patterns of a file: comments and blank lines dropped, paths cleaned, with `/` between names. */
export function readIgnoreFile(text: string, style: PathStyle): string[] {
  const patterns: string[] = [];
  const lines = (text.startsWith('\uFEFF') ? text.slice(1) : text).split('\n');
  for (const line of lines) {
    // Only at the very start of the line is it a comment.
    if (line.startsWith('#')) continue;
    let pattern = line.trim();
    if (pattern === '') continue;
    const inverted = pattern.startsWith('!');
    if (inverted) pattern = pattern.slice(1).trim();
    if (pattern !== '') {
      pattern = cleanPath(pattern, style);
      if (style === 'windows') pattern = pattern.replaceAll('\\', '/');
      if (pattern.length > 1 && pattern.startsWith('/')) pattern = pattern.slice(1);
    }
    patterns.push(inverted ? '!' + pattern : pattern);
  }
  return patterns;
}

type PatternKind = 'exact' | 'prefix' | 'suffix' | 'regexp';

export interface IgnorePattern {
  /** Cleaned, without the `!`. */
  readonly text: string;
  /** `!pattern`: takes back in. */
  readonly inverted: boolean;
  readonly kind: PatternKind;
  readonly expression: RegExp | undefined;
  matches(path: string): boolean;
}

/** For a folder that is being walked: which patterns matched it or a folder above it. */
export type ParentMatches = readonly boolean[];

export class IgnoreMatcher {
  readonly patterns: readonly IgnorePattern[];
  readonly hasInverted: boolean;
  readonly #separator: string;

  /** Throws an Error in the reference's words for a pattern that is none. */
  constructor(patterns: readonly string[], style: PathStyle) {
    this.#separator = style === 'windows' ? '\\' : '/';
    const compiled: IgnorePattern[] = [];
    for (const pattern of patterns) {
      const trimmed = pattern.trim();
      if (trimmed === '') continue;
      const cleaned = cleanPath(trimmed, style);
      const inverted = cleaned.startsWith('!');
      if (inverted && cleaned.length === 1) throw new Error('illegal exclusion pattern: "!"');
      const text = inverted ? cleaned.slice(1) : cleaned;
      checkGlob(text, style);
      compiled.push(compilePattern(text, inverted, this.#separator));
    }
    this.patterns = compiled;
    this.hasInverted = compiled.some(({ inverted }) => inverted);
  }

  /** Whether a path, or a folder above it, is left out. The last pattern that matches decides. */
  excludes(path: string): boolean {
    const parents = parentsOf(path, this.#separator);
    let excluded = false;
    for (const pattern of this.patterns) {
      if (pattern.inverted !== excluded) continue;
      if (pattern.matches(path) || parents.some((parent) => pattern.matches(parent)))
        excluded = !pattern.inverted;
    }
    return excluded;
  }

  /** The same while walking, with the parent's result instead of a look at every folder above. */
  step(path: string, parent: ParentMatches): { readonly excluded: boolean; readonly matches: ParentMatches } {
    let excluded = false;
    const matches: boolean[] = [];
    this.patterns.forEach((pattern, index) => {
      let matched = parent[index] ?? false;
      if (!matched && pattern.inverted === excluded) matched = pattern.matches(path);
      matches.push(matched);
      if (matched) excluded = !pattern.inverted;
    });
    return { excluded, matches };
  }

  /** Whether something below an excluded folder may be taken back in: else it need not be walked. */
  mayHoldInverted(folder: string): boolean {
    const prefix = folder + this.#separator;
    return this.patterns.some(
      ({ inverted, text }) => inverted && (text + this.#separator).startsWith(prefix),
    );
  }
}

function parentsOf(path: string, separator: string): string[] {
  const names = path.split(separator);
  const parents: string[] = [];
  for (let count = 1; count < names.length; count++) {
    const parent = names.slice(0, count).join(separator);
    if (parent !== '') parents.push(parent);
  }
  return parents;
}

const escaped = '.+()|{}$';

/** One pattern as the cheapest test that does it. */
function compilePattern(text: string, inverted: boolean, separator: string): IgnorePattern {
  const { kind, source } = translate(text, separator);
  if (kind !== 'regexp') {
    return { text, inverted, kind, expression: undefined, matches: plainMatcher(kind, text, separator) };
  }
  let expression: RegExp;
  try {
    expression = new RegExp(`^${source}$`);
  } catch {
    throw new BadPatternError();
  }
  return { text, inverted, kind, expression, matches: (path) => expression.test(path) };
}

function plainMatcher(
  kind: Exclude<PatternKind, 'regexp'>,
  text: string,
  separator: string,
): (path: string) => boolean {
  switch (kind) {
    case 'exact':
      return (path) => path === text;
    case 'prefix': {
      const prefix = text.slice(0, -2);
      return (path) => path.startsWith(prefix);
    }
    case 'suffix': {
      const suffix = text.slice(2);
      // `**/x` is also `x` at the top.
      const whole = suffix.startsWith(separator) ? suffix.slice(1) : undefined;
      return (path) => path.endsWith(suffix) || path === whole;
    }
  }
}

function translate(text: string, separator: string): { kind: PatternKind; source: string } {
  const escapedSeparator = separator === '\\' ? '\\\\' : separator;
  let kind: PatternKind = 'exact';
  let source = '';
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    if (character === '*' && text[at + 1] === '*') {
      const first = at === 0;
      at++;
      if (text[at + 1] === separator) at++;
      if (at + 1 >= text.length) {
        if (kind === 'exact') kind = 'prefix';
        else {
          source += '.*';
          kind = 'regexp';
        }
      } else {
        source += `(.*${escapedSeparator})?`;
        kind = 'regexp';
      }
      if (first) kind = 'suffix';
    } else if (character === '*' || character === '?') {
      source += `[^${escapedSeparator}]${character === '*' ? '*' : ''}`;
      kind = 'regexp';
    } else if (escaped.includes(character)) {
      source += '\\' + character;
    } else if (character === '\\') {
      if (separator === '\\') source += '\\\\';
      else if (at + 1 < text.length) {
        source += escapeNext(text[++at]!);
        kind = 'regexp';
      } else source += '\\\\';
    } else {
      if (character === '[' || character === ']') kind = 'regexp';
      source += character;
    }
  }
  return { kind, source };
}

function escapeNext(character: string): string {
  return /[A-Za-z0-9]/.test(character) ? character : '\\' + character;
}
