import type { PathStyle } from './clean-path.ts';

/**
 * Patterns of COPY and ADD sources, as Go's filepath.Match has them: `*` and `?` stay within one name, `[a-z]` and `[^a]`
 * are classes; only where `/` separates does `\` escape (dockerfile.md 2.3).
 */
export class BadPatternError extends Error {
  constructor() {
    super('syntax error in pattern');
    this.name = 'BadPatternError';
  }
}

export function hasWildcard(path: string, style: PathStyle): boolean {
  for (let at = 0; at < path.length; at++) {
    const character = path[at]!;
    if (character === '\\' && style === 'slash') at++;
    else if (character === '*' || character === '?' || character === '[') return true;
  }
  return false;
}

/** A test for whole paths. Throws `BadPatternError`. */
export function compileGlob(pattern: string, style: PathStyle): (path: string) => boolean {
  const notSeparator = style === 'windows' ? '[^\\\\]' : '[^/]';
  let expression = '';
  for (let at = 0; at < pattern.length;) {
    const character = pattern[at]!;
    if (character === '*') {
      // Stars in a row are one.
      while (pattern[at] === '*') at++;
      expression += notSeparator + '*';
    } else if (character === '?') {
      expression += notSeparator;
      at++;
    } else if (character === '[') {
      const parsed = readClass(pattern, at, style);
      expression += parsed.expression;
      at = parsed.end;
    } else if (character === '\\' && style === 'slash') {
      if (at + 1 >= pattern.length) throw new BadPatternError();
      expression += literal(pattern[at + 1]!);
      at += 2;
    } else {
      expression += literal(character);
      at++;
    }
  }
  const compiled = new RegExp(`^${expression}$`, 's');
  return (path) => compiled.test(path);
}

/** Throws `BadPatternError` for a pattern that could never be matched. */
export function checkGlob(pattern: string, style: PathStyle): void {
  compileGlob(pattern, style);
}

function readClass(pattern: string, start: number, style: PathStyle): { expression: string; end: number } {
  let at = start + 1;
  const negated = pattern[at] === '^';
  if (negated) at++;
  let ranges = '';
  for (let count = 0; ; count++) {
    if (pattern[at] === ']' && count > 0) break;
    const low = readClassCharacter(pattern, at, style);
    at = low.end;
    let high = low.character;
    if (pattern[at] === '-') {
      const upper = readClassCharacter(pattern, at + 1, style);
      high = upper.character;
      at = upper.end;
    }
    // A range that ends before it begins holds nothing.
    if (low.character <= high) ranges += `${classLiteral(low.character)}-${classLiteral(high)}`;
  }
  const none = negated ? '[^]' : '[]';
  return { expression: ranges === '' ? none : `[${negated ? '^' : ''}${ranges}]`, end: at + 1 };
}

function readClassCharacter(
  pattern: string,
  at: number,
  style: PathStyle,
): { character: string; end: number } {
  let character = pattern[at];
  if (character === undefined || character === '-' || character === ']') throw new BadPatternError();
  let end = at + 1;
  if (character === '\\' && style === 'slash') {
    character = pattern[end++];
    if (character === undefined) throw new BadPatternError();
  }
  if (end >= pattern.length) throw new BadPatternError();
  return { character, end };
}

function literal(character: string): string {
  return character.replace(/[\\^$.*+?()[\]{}|/]/, '\\$&');
}

function classLiteral(character: string): string {
  return character.replace(/[\\\]^-]/, '\\$&');
}
