/** `.hadolint.yaml`: hadolint's own keys (dockerfile.md 3.3), so that its users need no second file. */
import { hadolintFormatNames } from '../formats/names.ts';
import { labelTypes } from '../rule.ts';
import { hadolintThresholds, type HadolintValues } from './hadolint-values.ts';
import type { Table } from './shape.ts';
import { readYaml } from './yaml-reader.ts';

const codes = { kind: 'list', of: { kind: 'text', expected: 'rule codes' } } as const;

const table = {
  'failure-threshold': { kind: 'choice', values: hadolintThresholds },
  format: { kind: 'choice', values: hadolintFormatNames },
  formats: {
    kind: 'list',
    of: {
      kind: 'text',
      expected: 'formats',
      check: (text) =>
        hadolintFormatNames.some((name) => name === text)
          ? undefined
          : `"${text}" is no format: expected one of ${hadolintFormatNames.join(', ')}`,
    },
  },
  ignored: codes,
  override: { kind: 'record', keys: { error: codes, warning: codes, info: codes, style: codes } },
  trustedRegistries: { kind: 'list', orOne: true, of: { kind: 'text', expected: 'registry names' } },
  'label-schema': {
    kind: 'map',
    expected: 'a table of labels and their types',
    of: { kind: 'choice', values: labelTypes },
  },
  'strict-labels': { kind: 'boolean' },
  'no-color': { kind: 'boolean' },
  'no-fail': { kind: 'boolean' },
  'disable-ignore-pragma': { kind: 'boolean' },
} as const satisfies Table;

/** Throws `LintConfigError`. */
export function readHadolintConfig(
  text: string,
  path: string,
): { readonly values: HadolintValues; readonly notices: readonly string[] } {
  const { values, notices } = readYaml(text, path, table, { lenient: true });
  const { format, formats = [], ...others } = values;
  return { values: { ...others, formats: [...formats, ...(format === undefined ? [] : [format])] }, notices };
}
