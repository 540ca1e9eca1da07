/** How a file is called in reports that other programs match with a repository. */
import { posix } from 'node:path';
import { pathToFileURL } from 'node:url';

/** With `/`, without `./` and doubled parts: `.\a\Dockerfile` -> `a/Dockerfile`. */
export function reportPath(file: string): string {
  return posix.normalize(file.replaceAll('\\', '/'));
}

/** A URI reference relative to where the run was; `file:` for an absolute path. */
export function reportUri(file: string): string {
  const path = reportPath(file);
  if (/^[A-Za-z]:\//.test(path)) return `file:///${segments(path)}`;
  if (path.startsWith('/')) return pathToFileURL(path, { windows: false }).href;
  return segments(path);
}

function segments(path: string): string {
  return path
    .split('/')
    .map((part, at) =>
      at === 0 && /^[A-Za-z]:$/.test(part) ? part : encodeURIComponent(part.toWellFormed()),
    )
    .join('/');
}
