/**
 * hadolint's environment variables (dockerfile.md 3.3), the lowest of its sources. A value that it would not know either is
 * passed over, with a notice. `HADOLINT_VERBOSE` only makes hadolint talk about itself.
 */
import { hadolintFormatNames } from '../formats/names.ts';
import { labelTypes, type LabelType } from '../rule.ts';
import { hadolintThresholds, type HadolintValues } from './hadolint-values.ts';
import { defined } from './defined.ts';

export type Variables = Readonly<Record<string, string | undefined>>;

const truthy = new Set(['1', 'y', 'on', 'true', 'yes']);

/** Undefined when none is set. */
export function readHadolintEnvironment(
  variables: Variables,
): { readonly values: HadolintValues; readonly notices: readonly string[] } | undefined {
  const notices: string[] = [];
  let any = false;
  const text = (name: string): string | undefined => {
    const value = variables[`HADOLINT_${name}`];
    any ||= value !== undefined;
    return value;
  };
  const flag = (name: string): boolean | undefined => {
    const value = text(name);
    return value === undefined ? undefined : truthy.has(value.toLowerCase());
  };
  const list = (name: string): string[] =>
    (text(name) ?? '')
      .split(',')
      .map((word) => word.trim())
      .filter((word) => word !== '');
  const known = <T extends string>(name: string, word: string, choices: readonly T[]): T | undefined => {
    const found = choices.find((choice) => choice === word);
    if (found === undefined) {
      notices.push(`HADOLINT_${name}: "${word}" is not one of ${choices.join(', ')}: ignored`);
    }
    return found;
  };
  const threshold = text('FAILURE_THRESHOLD');
  const labels: Record<string, LabelType> = {};
  for (const pair of list('REQUIRE_LABELS')) {
    const [label = '', ...rest] = pair.split(':');
    const type = rest.length === 0 ? 'text' : known('REQUIRE_LABELS', rest.join(':'), labelTypes);
    if (type !== undefined) labels[label] = type;
  }
  const values: HadolintValues = {
    ...defined({
      'no-fail': flag('NOFAIL'),
      'strict-labels': flag('STRICT_LABELS'),
      'disable-ignore-pragma': flag('DISABLE_IGNORE_PRAGMA'),
      'failure-threshold':
        threshold === undefined ? undefined : known('FAILURE_THRESHOLD', threshold, hadolintThresholds),
    }),
    formats: list('FORMAT').flatMap((word) => known('FORMAT', word, hadolintFormatNames) ?? []),
    ignored: list('IGNORE'),
    override: {
      error: list('OVERRIDE_ERROR'),
      warning: list('OVERRIDE_WARNING'),
      info: list('OVERRIDE_INFO'),
      style: list('OVERRIDE_STYLE'),
    },
    trustedRegistries: list('TRUSTED_REGISTRIES'),
    'label-schema': labels,
  };
  return any ? { values, notices } : undefined;
}
