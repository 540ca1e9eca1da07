/**
 * Value grammars of flags, one function a type (docker-cli.md 2.5, 5). Each throws an Error whose message completes
 * pflag's `invalid argument "x" for "--flag" flag: `.
 */
import { parseCsvRecord } from '../text/csv.ts';
import { parseDuration } from '../text/duration.ts';
import { ramInBytes } from '../text/size.ts';
import { parseBool, parseInt64, parseUint } from '../text/strconv.ts';
import type { FlagSpec } from './flag.ts';

export type AnyFlagValue = boolean | number | string | string[] | Record<string, string>;

const nanoCpus = 1_000_000_000n;

const digitsOf = { 2: '[01]', 8: '[0-7]', 10: '[0-9]', 16: '[0-9a-fA-F]' } as const;
const prefixes: readonly (readonly [string, keyof typeof digitsOf])[] = [
  ['0x', 16],
  ['0b', 2],
  ['0o', 8],
  ['', 10],
];

function parseDigits(digits: string, base: keyof typeof digitsOf): bigint {
  if (base === 10) return BigInt(digits);
  return BigInt({ 2: '0b', 8: '0o', 16: '0x' }[base] + digits);
}

/** A number as math/big's Rat.SetString reads it (https://pkg.go.dev/math/big#Rat.SetString); undefined = bad syntax. */
function parseRational(text: string): { numerator: bigint; denominator: bigint } | undefined {
  const fraction = /^([+-]?)([0-9](?:_?[0-9])*)\/([0-9](?:_?[0-9])*)$/.exec(text);
  if (fraction) {
    const denominator = BigInt(fraction[3]!.replaceAll('_', ''));
    const numerator = BigInt(fraction[2]!.replaceAll('_', ''));
    return denominator === 0n
      ? undefined
      : { numerator: fraction[1] === '-' ? -numerator : numerator, denominator };
  }
  const sign = /^[+-]?/.exec(text)![0];
  const unsigned = text.slice(sign.length);
  for (const [prefix, base] of prefixes) {
    if (!unsigned.toLowerCase().startsWith(prefix)) continue;
    const run = `${digitsOf[base]}(?:_?${digitsOf[base]})*`;
    const exponentLetter = base === 10 ? '[eEpP]' : '[pP]';
    const form = new RegExp(`^(${run})?(\\.)?(${run})?(?:(${exponentLetter})([+-]?[0-9]{1,4}))?$`);
    const match = form.exec(unsigned.slice(prefix.length));
    if (!match || (match[1] === undefined && match[3] === undefined)) return undefined;
    const whole = (match[1] ?? '').replaceAll('_', '');
    const part = (match[3] ?? '').replaceAll('_', '');
    let numerator = parseDigits(whole + part, base);
    let denominator = BigInt(base) ** BigInt(part.length);
    const exponent = Number(match[5] ?? 0);
    const scale = (/e/i.test(match[4] ?? '') ? 10n : 2n) ** BigInt(Math.abs(exponent));
    if (exponent >= 0) numerator *= scale;
    else denominator *= scale;
    return { numerator: sign === '-' ? -numerator : numerator, denominator };
  }
  return undefined;
}

/** `--cpus`: an exact rational (`1.5`, `3/2`, `2e-1`) times 1e9. */
export function parseCpus(text: string): number {
  const rational = parseRational(text);
  if (!rational) throw new Error(`failed to parse ${text} as a rational number`);
  const nano = rational.numerator * nanoCpus;
  if (nano % rational.denominator !== 0n) throw new Error('value is too precise');
  return Number(nano / rational.denominator);
}

/** `--filter`: `name=value`, name lower-cased, both trimmed; an empty value is ignored. */
export function parseFilter(text: string): string | undefined {
  if (text === '') return undefined;
  const equals = text.indexOf('=');
  if (equals < 0) throw new Error('bad format of filter (expected name=value)');
  return `${text.slice(0, equals).toLowerCase().trim()}=${text.slice(equals + 1).trim()}`;
}

/** pflag's stringToString: one pair as it is, several by CSV. */
function parsePairs(text: string): Record<string, string> {
  const equals = text.split('=').length - 1;
  const pairs = equals > 1 ? parseCsvRecord(text) : [text.replace(/^"+|"+$/g, '')];
  const parsed: [string, string][] = [];
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    if (at < 0) throw new Error(`${pair} must be formatted as key=value`);
    parsed.push([pair.slice(0, at), pair.slice(at + 1)]);
  }
  return Object.fromEntries(parsed);
}

const ulimitNames = new Set(
  'core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack'.split(
    ' ',
  ),
);

/** `--ulimit name=soft[:hard]` (go-units ParseUlimit), in its canonical spelling. */
export function parseUlimit(text: string): string {
  const equals = text.indexOf('=');
  if (equals < 0) throw new Error(`invalid ulimit argument: ${text}`);
  const name = text.slice(0, equals);
  if (!ulimitNames.has(name)) throw new Error(`invalid ulimit type: ${name}`);
  const limits = text.slice(equals + 1).split(':');
  if (limits.length > 2) {
    throw new Error(
      `too many limit value arguments - ${limits.join(':')}, can only have up to two, \`soft[:hard]\``,
    );
  }
  const soft = parseInt64(limits[0]!, 64, 10);
  const hard = limits.length > 1 ? parseInt64(limits[1]!, 64, 10) : soft;
  if (soft > hard && hard !== -1) {
    throw new Error(`ulimit soft limit must be less than or equal to hard limit: ${soft} > ${hard}`);
  }
  return `${name}=${soft}:${hard}`;
}

/** Value of a flag that was not given. */
export function defaultValue(spec: FlagSpec): AnyFlagValue {
  switch (spec.type) {
    case 'bool':
      return spec.default === true;
    case 'int':
    case 'int64':
    case 'uint':
    case 'uint16':
    case 'decimal':
    case 'bytes':
    case 'duration':
      return typeof spec.default === 'number' ? spec.default : 0;
    case 'map':
    case 'stringToString':
      return {};
    case 'string':
    case 'pem file':
      return typeof spec.default === 'string' ? spec.default : '';
    case 'list':
    case 'strings':
    case 'filter':
    case 'mount':
    case 'network':
    case 'gpu-request':
    case 'ulimit':
    case 'secret':
      return [];
  }
}

/** `text` read as the flag's type and joined with `current`: lists grow, maps override by key, all else is replaced. */
export function applyValue(spec: FlagSpec, current: AnyFlagValue, text: string): AnyFlagValue {
  const list = current as string[];
  const map = current as Record<string, string>;
  switch (spec.type) {
    case 'bool':
      return parseBool(text);
    case 'int':
    case 'int64':
      return parseInt64(text);
    case 'uint':
      return parseUint(text);
    case 'uint16':
      return parseUint(text, 16);
    case 'decimal':
      return parseCpus(text);
    case 'bytes':
      return spec.unlimited === true && text === '-1' ? -1 : ramInBytes(text);
    case 'duration':
      return parseDuration(text);
    case 'string':
    case 'pem file':
      return text;
    case 'list':
    case 'mount':
    case 'network':
    case 'gpu-request':
    case 'secret':
      return [...list, text];
    case 'ulimit':
      return [...list, parseUlimit(text)];
    case 'strings':
      return text === '' ? list : [...list, ...parseCsvRecord(text)];
    case 'filter': {
      const filter = parseFilter(text);
      return filter === undefined ? list : [...list, filter];
    }
    case 'map': {
      const equals = text.indexOf('=');
      return equals < 0
        ? { ...map, [text]: '' }
        : { ...map, [text.slice(0, equals)]: text.slice(equals + 1) };
    }
    case 'stringToString':
      return { ...map, ...parsePairs(text) };
  }
}
