import { isDigest } from './digest.ts';
import type { Digest } from './digest.ts';

export interface PlatformFields {
  readonly architecture: string;
  readonly os: string;
  readonly 'os.version'?: string;
  readonly 'os.features'?: readonly string[];
  readonly variant?: string;
}

/** A pointer to content by digest and exact size in bytes. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly urls?: readonly string[];
  readonly annotations?: Readonly<Record<string, string>>;
  readonly platform?: PlatformFields;
  readonly artifactType?: string;
  /** base64 of the content itself. */
  readonly data?: string;
}

/** True when a parsed JSON value has the fields that every use relies on, in the right types. */
export function isDescriptor(value: unknown): value is Descriptor {
  if (typeof value !== 'object' || value === null) return false;
  const fields = value as Record<string, unknown>;
  return (
    isDigest(fields['digest']) &&
    Number.isSafeInteger(fields['size']) &&
    (fields['size'] as number) >= 0 &&
    (fields['mediaType'] === undefined || typeof fields['mediaType'] === 'string') &&
    (fields['urls'] === undefined || isStringList(fields['urls'])) &&
    (fields['platform'] === undefined || fields['platform'] === null || isPlatform(fields['platform']))
  );
}

function isPlatform(value: unknown): value is PlatformFields {
  if (typeof value !== 'object' || value === null) return false;
  const fields = value as Record<string, unknown>;
  const optionalText = (key: string): boolean => fields[key] === undefined || typeof fields[key] === 'string';
  return (
    typeof fields['architecture'] === 'string' &&
    typeof fields['os'] === 'string' &&
    optionalText('os.version') &&
    optionalText('variant') &&
    (fields['os.features'] === undefined || isStringList(fields['os.features']))
  );
}

function isStringList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
