/**
 * Image references: grammar, normalisation and the two ways to print them (images-and-registries.md 1). Every error is kind
 * `invalid`, code `REFERENCE_INVALID`, in the words of Docker's parser.
 */
import { PortholeError } from '../errors/porthole-error.ts';
import { parseDigest } from './digest.ts';

export interface Reference {
  /** Registry as in canonical names: `docker.io`, `mcr.microsoft.com`, `localhost:5000`, `[::1]:5000`. */
  readonly domain: string;
  /** Repository path, with `library/` on Docker Hub. */
  readonly path: string;
  readonly tag?: string;
  readonly digest?: string;
}

export const defaultDomain = 'docker.io';
export const defaultTag = 'latest';

const label = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?';
const domainGrammar = new RegExp(`^(?:${label}(?:\\.${label})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?$`);
const component = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const pathGrammar = new RegExp(`^${component}(?:/${component})*$`);
const tagGrammar = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const digestGrammar = /^[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$/;
const identifierGrammar = /^[a-f0-9]{64}$/;
const maxPathLength = 255;
/** Longer input can't be legal (domain 255 + path 255 + tag 128 + digest) and would only feed the expressions. */
const maxInputLength = 4096;

/** Parses what a user typed and fills in Docker Hub's defaults; never adds a tag. `windows/x` is on Docker Hub, not MCR. */
export function parseReference(text: string): Reference {
  const read = readReference(text);
  if (typeof read === 'string') throw invalidReference(read);
  return read;
}

/** What `parseReference` would say of a text that it does not take; undefined when it takes it. */
export function referenceProblem(text: string): string | undefined {
  const read = readReference(text);
  return typeof read === 'string' ? read : undefined;
}

const badFormat = 'invalid reference format';

/** The reference, or what is wrong: linting asks of very many names, and an exception for each is dear. */
function readReference(text: string): Reference | string {
  if (identifierGrammar.test(text))
    return `invalid repository name (${text}), cannot specify 64-byte hexadecimal strings`;
  if (text.length > maxInputLength) return badFormat;
  const { domain, rest } = splitDomain(text);
  const colon = rest.indexOf(':');
  const remoteName = colon >= 0 ? rest.slice(0, colon) : rest;
  if (remoteName.toLowerCase() !== remoteName)
    return `${badFormat}: repository name (${remoteName}) must be lowercase`;
  if (!domainGrammar.test(domain)) return badFormat;
  const { path, tag, digest } = splitSuffixes(rest);
  if (tag !== undefined && !tagGrammar.test(tag)) return badFormat;
  if (digest !== undefined && !digestGrammar.test(digest)) return badFormat;
  if (!pathGrammar.test(path)) return badFormat;
  if (path.length > maxPathLength) return `repository name must not be more than ${maxPathLength} characters`;
  const problem = digest === undefined ? undefined : digestProblem(digest);
  if (problem !== undefined) return problem;
  return {
    domain,
    path,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** With `:latest` when there is neither tag nor digest. */
export function withDefaultTag(reference: Reference): Reference {
  return reference.tag === undefined && reference.digest === undefined
    ? { ...reference, tag: defaultTag }
    : reference;
}

/** A separate tag argument. Error: `invalid tag format`. */
export function withTag(reference: Reference, tag: string): Reference {
  if (!tagGrammar.test(tag)) throw invalidReference('invalid tag format');
  return { domain: reference.domain, path: reference.path, tag };
}

export function withDigest(reference: Reference, digest: string): Reference {
  return { domain: reference.domain, path: reference.path, digest };
}

export function isTag(text: string): boolean {
  return tagGrammar.test(text);
}

/** `mcr.microsoft.com/windows/nanoserver`: without tag and digest. */
export function canonicalName(reference: Reference): string {
  return `${reference.domain}/${reference.path}`;
}

/** `docker.io/library/ubuntu:22.04`, `…@sha256:…` (the digest wins over a tag). */
export function canonicalString(reference: Reference): string {
  return canonicalName(reference) + suffix(reference);
}

/** `ubuntu`, `acme/app`, `mcr.microsoft.com/windows/nanoserver`. */
export function familiarName(reference: Reference): string {
  if (reference.domain !== defaultDomain) return canonicalName(reference);
  const short = reference.path.startsWith('library/')
    ? reference.path.slice('library/'.length)
    : reference.path;
  return short.includes('/') ? reference.path : short;
}

/** `ubuntu:22.04`, `acme/app@sha256:…`. */
export function familiarString(reference: Reference): string {
  return familiarName(reference) + suffix(reference);
}

/** Host that serves the repository: Docker Hub's is not its domain. */
export function registryHost(reference: Pick<Reference, 'domain'>): string {
  return reference.domain === defaultDomain ? 'registry-1.docker.io' : reference.domain;
}

/**
 * A reference that may be given to a new image: no digest, and not a name that reads like a digest. Errors:
 * `refusing to create a tag with a digest reference`, `refusing to create an ambiguous tag using digest algorithm as name`.
 */
export function parseTagTarget(text: string): Reference {
  const reference = parseReference(text);
  if (reference.digest !== undefined)
    throw invalidReference('refusing to create a tag with a digest reference');
  if (familiarName(reference) === 'sha256') {
    throw invalidReference('refusing to create an ambiguous tag using digest algorithm as name');
  }
  return withDefaultTag(reference);
}

/** A full image ID with or without `sha256:`, or a hex prefix that may be one. Undefined when it can only be a name. */
export function parseIdentifier(
  text: string,
): { readonly hex: string; readonly complete: boolean } | undefined {
  const match = /^(?:sha256:)?([0-9a-f]{1,64})$/.exec(text);
  return match?.[1] === undefined ? undefined : { hex: match[1], complete: match[1].length === 64 };
}

function splitDomain(text: string): { domain: string; rest: string } {
  const slash = text.indexOf('/');
  const first = slash >= 0 ? text.slice(0, slash) : '';
  const isDomain =
    slash >= 0 && (first === 'localhost' || /[.:]/.test(first) || first.toLowerCase() !== first);
  let domain = isDomain ? first : defaultDomain;
  let rest = isDomain ? text.slice(slash + 1) : text;
  if (domain === 'index.docker.io') domain = defaultDomain;
  if (domain === defaultDomain && !rest.includes('/')) rest = `library/${rest}`;
  return { domain, rest };
}

function splitSuffixes(rest: string): { path: string; tag: string | undefined; digest: string | undefined } {
  const at = rest.indexOf('@');
  const digest = at >= 0 ? rest.slice(at + 1) : undefined;
  const named = at >= 0 ? rest.slice(0, at) : rest;
  const colon = named.indexOf(':');
  const tag = colon >= 0 ? named.slice(colon + 1) : undefined;
  return { path: colon >= 0 ? named.slice(0, colon) : named, tag, digest };
}

/** Docker checks algorithm, length and case after the grammar; its own text for bad case is the format one. */
function digestProblem(digest: string): string | undefined {
  try {
    parseDigest(digest);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : badFormat;
  }
}

function suffix(reference: Reference): string {
  if (reference.digest !== undefined) return `@${reference.digest}`;
  return reference.tag === undefined ? '' : `:${reference.tag}`;
}

function invalidReference(message: string): PortholeError {
  return new PortholeError('invalid', 'REFERENCE_INVALID', message);
}
