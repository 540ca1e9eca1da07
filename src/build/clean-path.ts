/**
 * Lexical paths as Go's path/filepath computes them on either system, whatever system this runs on: builder rules are
 * defined on them (dockerfile.md 2.2, 2.3, 2.10).
 */
export type PathStyle = 'windows' | 'slash';

function isSeparator(character: string | undefined, style: PathStyle): boolean {
  return character === '/' || (style === 'windows' && character === '\\');
}

/** Length of `C:` or of `\\server\share` at the start. */
function volumeLength(path: string): number {
  if (/^[A-Za-z]:/.test(path)) return 2;
  const match = /^[\\/]{2}[^\\/]+[\\/][^\\/]+/.exec(path);
  return match ? match[0].length : 0;
}

/** Shortest equivalent: `.` and `..` folded, repeated separators joined. Empty becomes `.`. */
export function cleanPath(path: string, style: PathStyle): string {
  const separator = style === 'windows' ? '\\' : '/';
  const length = style === 'windows' ? volumeLength(path) : 0;
  const volume = path.slice(0, length).replaceAll('/', separator);
  const rest = path.slice(length);
  const rooted = isSeparator(rest[0], style);
  const names: string[] = [];
  for (const name of rest.split(style === 'windows' ? /[\\/]/ : '/')) {
    if (name === '' || name === '.') continue;
    if (name !== '..') names.push(name);
    else if (names.length > 0 && names.at(-1) !== '..') names.pop();
    else if (!rooted) names.push(name);
  }
  const body = (rooted ? separator : '') + names.join(separator);
  if (body !== '') return volume + body;
  // A share without a path stays as it is; a drive alone means its current folder.
  return length > 2 ? volume : volume + '.';
}

export function joinPath(style: PathStyle, ...parts: readonly string[]): string {
  const given = parts.filter((part) => part !== '');
  return given.length === 0 ? '' : cleanPath(given.join(style === 'windows' ? '\\' : '/'), style);
}

/** A drive or share and a rooted path after it: `C:\x`. `\x` alone is not absolute on Windows. */
export function isAbsolutePath(path: string, style: PathStyle): boolean {
  if (style === 'slash') return path.startsWith('/');
  const length = volumeLength(path);
  return length > 0 && (length > 2 || isSeparator(path[length], style));
}
