import { quoteGo } from './go-quote.ts';

/** Go's strconv parsers with their exact error texts (https://pkg.go.dev/strconv): Docker prints them unchanged. */

function failure(parser: string, text: string, reason: 'invalid syntax' | 'value out of range'): Error {
  return new Error(`strconv.${parser}: parsing ${quoteGo(text)}: ${reason}`);
}

/** The accepted spellings of `strconv.ParseBool`. */
export function parseBool(text: string): boolean {
  if (/^(1|t|T|TRUE|true|True)$/.test(text)) return true;
  if (/^(0|f|F|FALSE|false|False)$/.test(text)) return false;
  throw failure('ParseBool', text, 'invalid syntax');
}

const integerForms: readonly (readonly [RegExp, number])[] = [
  [/^0[xX]((?:_?[0-9a-fA-F])+)$/, 16],
  [/^0[bB]((?:_?[01])+)$/, 2],
  [/^0[oO]((?:_?[0-7])+)$/, 8],
  [/^0((?:_?[0-7])+)$/, 8],
  [/^([1-9](?:_?[0-9])*|0)$/, 10],
];

/** Digits with Go's base prefixes and underscores (base 0), or plain decimal digits; undefined = bad syntax. */
function magnitude(digits: string, base: 0 | 10): bigint | undefined {
  if (base === 10) return /^[0-9]+$/.test(digits) ? BigInt(digits) : undefined;
  for (const [form, radix] of integerForms) {
    const match = form.exec(digits);
    if (!match) continue;
    const plain = match[1]!.replaceAll('_', '');
    const prefix = radix === 16 ? '0x' : radix === 8 ? '0o' : radix === 2 ? '0b' : '';
    return BigInt(prefix + plain);
  }
  return undefined;
}

/** `strconv.ParseInt(text, base, bits)`. The exact value. */
export function parseBigInt(text: string, bits = 64, base: 0 | 10 = 0, parser = 'ParseInt'): bigint {
  const sign = /^[+-]/.exec(text)?.[0];
  const value = magnitude(sign ? text.slice(1) : text, base);
  if (value === undefined) throw failure(parser, text, 'invalid syntax');
  const limit = 1n << BigInt(bits - 1);
  const signed = sign === '-' ? -value : value;
  if (signed < -limit || signed >= limit) throw failure(parser, text, 'value out of range');
  return signed;
}

/** `strconv.ParseInt`; beyond 2^53 the nearest number. `parser` names the function in the error (`Atoi` uses base 10). */
export function parseInt64(text: string, bits = 64, base: 0 | 10 = 0, parser = 'ParseInt'): number {
  return Number(parseBigInt(text, bits, base, parser));
}

/** `strconv.Atoi`. */
export function parseAtoi(text: string): number {
  return parseInt64(text, 64, 10, 'Atoi');
}

/** `strconv.ParseUint(text, base, bits)`; no sign is accepted. */
export function parseUint(text: string, bits = 64, base: 0 | 10 = 0): number {
  const value = magnitude(text, base);
  if (value === undefined) throw failure('ParseUint', text, 'invalid syntax');
  if (value >= 1n << BigInt(bits)) throw failure('ParseUint', text, 'value out of range');
  return Number(value);
}

const decimalFloat =
  /^[+-]?(?:[0-9](?:_?[0-9])*(?:\.(?:[0-9](?:_?[0-9])*)?)?|\.[0-9](?:_?[0-9])*)(?:[eE][+-]?[0-9](?:_?[0-9])*)?$/;
const hexFloat = /^([+-]?)0[xX]([0-9a-fA-F]*)\.?([0-9a-fA-F]*)[pP]([+-]?[0-9]+)$/;

/** `strconv.ParseFloat(text, 64)`: decimal and hexadecimal forms, `inf`, `infinity`, `nan`; too large is out of range. */
export function parseFloat64(text: string): number {
  const special = /^([+-]?)(inf|infinity)$/i.exec(text);
  if (special) return special[1] === '-' ? -Infinity : Infinity;
  if (/^nan$/i.test(text)) return NaN;
  const hex = hexFloat.exec(text);
  if (hex && (hex[2] !== '' || hex[3] !== '')) {
    const mantissa = parseInt(hex[2]! + hex[3]!, 16);
    const value = mantissa * 2 ** (Number(hex[4]) - 4 * hex[3]!.length);
    return hex[1] === '-' ? -value : value;
  }
  if (!decimalFloat.test(text)) throw failure('ParseFloat', text, 'invalid syntax');
  const value = Number(text.replaceAll('_', ''));
  if (!Number.isFinite(value)) throw failure('ParseFloat', text, 'value out of range');
  return value;
}
