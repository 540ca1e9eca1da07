import { createHash, type Hash } from 'node:crypto';
import { PortholeError } from '../errors/porthole-error.ts';
import { own } from '../text/own.ts';

/** `sha256:<64 lower-case hex>` and its longer siblings. The text form is used everywhere; files are named by the hex. */
export type Digest = string;

const hexLengths: Readonly<Record<string, number>> = { sha256: 64, sha384: 96, sha512: 128 };
const grammar = /^[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$/;

/**
 * Checks a digest text (images-and-registries.md 1.1). Errors, in go-digest's order: `invalid checksum digest format`,
 * `unsupported digest algorithm`, `invalid checksum digest length`; kind `invalid`, code `DIGEST_INVALID`.
 */
export function parseDigest(text: string): Digest {
  const colon = text.indexOf(':');
  if (!grammar.test(text)) throw invalidDigest('invalid checksum digest format');
  const hex = text.slice(colon + 1);
  const length = own(hexLengths, text.slice(0, colon));
  if (length === undefined) throw invalidDigest('unsupported digest algorithm');
  if (hex.length !== length) throw invalidDigest('invalid checksum digest length');
  if (!/^[0-9a-f]+$/.test(hex)) throw invalidDigest('invalid checksum digest format');
  return text;
}

export function isDigest(text: unknown): text is Digest {
  if (typeof text !== 'string') return false;
  try {
    return parseDigest(text) === text;
  } catch {
    return false;
  }
}

/** The part after the colon. */
export function digestHex(digest: Digest): string {
  return digest.slice(digest.indexOf(':') + 1);
}

export function digestAlgorithm(digest: Digest): string {
  return digest.slice(0, digest.indexOf(':'));
}

/** 12 hex digits, as progress lines and tables show. */
export function shortDigest(digest: Digest): string {
  return digestHex(digest).slice(0, 12);
}

/** A running hash of the digest's own algorithm. */
export function hasherOf(digest: Digest): Hash {
  return createHash(digestAlgorithm(digest));
}

export function sha256(bytes: Uint8Array | string): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Digest of bytes in the algorithm of `like`. */
export function digestLike(like: Digest, bytes: Uint8Array): Digest {
  return `${digestAlgorithm(like)}:${hasherOf(like).update(bytes).digest('hex')}`;
}

function invalidDigest(message: string): PortholeError {
  return new PortholeError('invalid', 'DIGEST_INVALID', message);
}
