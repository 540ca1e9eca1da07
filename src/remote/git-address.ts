/** Addresses of git repositories as builds take them (dockerfile.md 2.9): `ADDRESS.git#REF:FOLDER`. */

export interface GitAddress {
  /** What git is given. */
  readonly remote: string;
  /** Branch, tag or commit; `HEAD` is what the repository calls its own. */
  readonly ref: string;
  /** Folder inside the repository, '' for its root. */
  readonly folder: string;
}

/** `http(s)://….git`, `git://`, `ssh://`, `git@host:path`. Nothing that could be an option or a transport that runs programs. */
export function isGitAddress(text: string): boolean {
  if (isWebAddress(text)) return /\.git(?:#.+)?$/.test(text);
  return /^(?:git:\/\/|ssh:\/\/|git@)/.test(text);
}

export function isWebAddress(text: string): boolean {
  return /^https?:\/\//.test(text);
}

/** Throws Errors in Docker's words. */
export function parseGitAddress(text: string): GitAddress {
  const at = text.indexOf('#');
  const remote = at < 0 ? text : text.slice(0, at);
  const fragment = at < 0 ? '' : decoded(text.slice(at + 1), remote);
  const colon = fragment.indexOf(':');
  const ref = colon < 0 ? fragment : fragment.slice(0, colon);
  if (ref.startsWith('-')) throw new Error(`invalid refspec: ${ref}`);
  // ssh would take such a host for an option of its own.
  if (/^(?:git@|(?:git|ssh|https?):\/\/(?:[^/@]*@)?)-/.test(remote))
    throw new Error(`invalid address of a repository: ${remote}`);
  return { remote, ref: ref === '' ? 'HEAD' : ref, folder: colon < 0 ? '' : fragment.slice(colon + 1) };
}

/** Fragments of URLs are percent-encoded; what follows `git@host:path` is not a URL. */
function decoded(fragment: string, remote: string): string {
  if (remote.startsWith('git@')) return fragment;
  try {
    return decodeURIComponent(fragment);
  } catch {
    throw new Error(`invalid URL escape in ${JSON.stringify(fragment)}`);
  }
}
