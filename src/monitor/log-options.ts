import { PortholeError } from '../errors/porthole-error.ts';
import { fromHumanSize } from '../text/size.ts';

/** `--log-driver` and `--log-opt` of the json-file driver, checked (moby `jsonfilelog`). */
export interface LogOptions {
  readonly driver: 'json-file' | 'none';
  /** Bytes; absent = grow for ever. */
  readonly maxSize?: number;
  readonly maxFiles: number;
  readonly compress: boolean;
  /** Which labels and variables go into each record's `attrs`. */
  readonly labels: readonly string[];
  readonly labelsPattern?: RegExp;
  readonly env: readonly string[];
  readonly envPattern?: RegExp;
  readonly tag: string;
}

const knownOptions = new Set([
  'max-file',
  'max-size',
  'compress',
  'labels',
  'labels-regex',
  'env',
  'env-regex',
  'tag',
  'mode',
  'max-buffer-size',
]);

/**
 * Docker's checks with its texts. `mode` and `max-buffer-size` are checked and need no act: writing here never waits for a
 * reader, which is what `non-blocking` asks for.
 */
export function parseLogOptions(logConfig: {
  readonly Type: string;
  readonly Config: Readonly<Record<string, string>> | null;
}): LogOptions {
  const driver = logConfig.Type === '' ? 'json-file' : logConfig.Type;
  const config = logConfig.Config ?? {};
  if (driver !== 'json-file' && driver !== 'none') {
    throw refuse(
      `logger: no log driver named '${driver}' is registered`,
      'use --log-driver json-file or none',
    );
  }
  if (driver === 'none') return { driver, maxFiles: 1, compress: false, labels: [], env: [], tag: '' };
  for (const key of Object.keys(config)) {
    if (!knownOptions.has(key)) throw refuse(`unknown log opt '${key}' for json-file log driver`);
  }
  const mode = config['mode'] ?? '';
  if (mode !== '' && mode !== 'blocking' && mode !== 'non-blocking')
    throw refuse(`logger: unknown log mode '${mode}'`);
  if (config['max-buffer-size'] !== undefined && mode !== 'non-blocking') {
    throw refuse("logger: max-buffer-size option is only supported with 'mode=non-blocking'");
  }
  const maxSize = sizeOf(config['max-size']);
  const maxFiles = countOf(config['max-file']);
  const compress = booleanOf(config['compress']);
  if (compress && (maxFiles < 2 || maxSize === undefined)) {
    throw refuse('compress cannot be true when max-file is less than 2 or max-size is not set');
  }
  return {
    driver,
    ...(maxSize === undefined ? {} : { maxSize }),
    maxFiles,
    compress,
    labels: listOf(config['labels']),
    ...patternOf('labels-regex', 'labelsPattern', config['labels-regex']),
    env: listOf(config['env']),
    ...patternOf('env-regex', 'envPattern', config['env-regex']),
    tag: config['tag'] ?? '',
  };
}

/** What the options put into each record: chosen labels, chosen variables, the tag. */
export function logAttributes(
  options: LogOptions,
  container: { readonly labels: Readonly<Record<string, string>>; readonly env: readonly string[] },
): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const [key, value] of Object.entries(container.labels)) {
    if (options.labels.includes(key) || options.labelsPattern?.test(key) === true) attributes[key] = value;
  }
  for (const entry of container.env) {
    const at = entry.indexOf('=', 1);
    if (at < 0) continue;
    const name = entry.slice(0, at);
    if (options.env.includes(name) || options.envPattern?.test(name) === true) {
      attributes[name] = entry.slice(at + 1);
    }
  }
  if (options.tag !== '') attributes['tag'] = options.tag;
  return attributes;
}

function sizeOf(text: string | undefined): number | undefined {
  if (text === undefined || text === '-1') return undefined;
  let size: number;
  try {
    size = fromHumanSize(text);
  } catch (cause) {
    throw refuse((cause as Error).message);
  }
  if (size <= 0) throw refuse('max-size must be a positive number');
  return size;
}

function countOf(text: string | undefined): number {
  if (text === undefined) return 1;
  if (!/^[+-]?\d+$/.test(text)) throw refuse(`strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
  const count = Number(text);
  if (count < 1) throw refuse('max-file cannot be less than 1');
  return count;
}

function booleanOf(text: string | undefined): boolean {
  if (text === undefined) return false;
  if (/^(1|t|true)$/i.test(text)) return true;
  if (/^(0|f|false)$/i.test(text)) return false;
  throw refuse(`strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`);
}

function listOf(text: string | undefined): string[] {
  return text === undefined || text === '' ? [] : text.split(',');
}

function patternOf<K extends string>(
  option: string,
  key: K,
  text: string | undefined,
): Partial<Record<K, RegExp>> {
  if (text === undefined || text === '') return {};
  try {
    return { [key]: new RegExp(text) } as Partial<Record<K, RegExp>>;
  } catch (cause) {
    throw refuse(`error parsing regexp in log opt '${option}': ${(cause as Error).message}`);
  }
}

function refuse(message: string, hint?: string): PortholeError {
  return new PortholeError('invalid', 'LOG_OPTION', message, hint === undefined ? {} : { hint });
}
