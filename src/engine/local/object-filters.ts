/** Parts of `--filter` that objects of several kinds read alike (docker-cli.md 6). Errors: kind `invalid`, code `FILTER_INVALID`. */
import type { Filters } from '../roles/containers.ts';
import { PortholeError } from '../../errors/porthole-error.ts';

export function checkKeys(filters: Filters, known: readonly string[]): void {
  for (const key of Object.keys(filters))
    if (!known.includes(key)) throw invalidFilter(`invalid filter '${key}'`);
}

/** Undefined when nobody asks. */
export function booleanValue(filters: Filters, key: string): boolean | undefined {
  const values = filters[key] ?? [];
  const isTrue = values.some((value) => value === '1' || value === 'true');
  const isFalse = values.some((value) => value === '0' || value === 'false');
  if (values.length === 0) return undefined;
  if (isTrue === isFalse) throw invalidFilter(`invalid filter '${key}=${values.join(',')}'`);
  return isTrue;
}

/** Values of one key OR together. */
export function anyOf(values: readonly string[] | undefined, test: (value: string) => boolean): boolean {
  return values === undefined || values.length === 0 || values.some(test);
}

/** An unanchored regular expression, or plain text when it is none. */
export function matches(pattern: string, text: string): boolean {
  if (text === pattern) return true;
  try {
    return new RegExp(pattern).test(text);
  } catch {
    return false;
  }
}

/** `name` or `name=value`, all of them. */
export function hasLabels(labels: Readonly<Record<string, string>>, wanted: readonly string[]): boolean {
  return wanted.every((label) => {
    const at = label.indexOf('=');
    return at < 0 ? Object.hasOwn(labels, label) : labels[label.slice(0, at)] === label.slice(at + 1);
  });
}

export function invalidFilter(message: string): PortholeError {
  return new PortholeError('invalid', 'FILTER_INVALID', message);
}
