import { namesIn } from './names.ts';

/** Names of variables that tell of a secret (dockerfile.md 3.1). */
const secret = namesIn('apikey auth credential credentials key password pword passwd secret token');
const harmless = namesIn('public file version');

export function isSecretName(name: string): boolean {
  const parts = name.toLowerCase().split('_');
  return parts.some((part) => secret.has(part)) && !parts.some((part) => harmless.has(part));
}
