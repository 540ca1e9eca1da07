import { formatG } from './go-float.ts';
import { parseFloat64 } from './strconv.ts';

/** Human sizes as docker/go-units prints and reads them (docker-cli.md 2.5). */

const decimalUnits = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB', 'ZB', 'YB'] as const;
const binaryUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB', 'ZiB', 'YiB'] as const;

function scaled(bytes: number, precision: number, base: number, units: readonly string[]): string {
  let value = bytes;
  let unit = 0;
  while (value >= base && unit < units.length - 1) {
    value /= base;
    unit++;
  }
  return formatG(value, precision) + units[unit]!;
}

/** Base 1000: `123.5MB` with 4 digits (the default), `123MB` with 3. */
export function humanSize(bytes: number, precision = 4): string {
  return scaled(bytes, precision, 1000, decimalUnits);
}

/** Base 1024: `43.45MiB`. */
export function bytesSize(bytes: number): string {
  return scaled(bytes, 4, 1024, binaryUnits);
}

const exponents: Readonly<Record<string, number>> = { k: 1, m: 2, g: 3, t: 4, p: 5 };

function parseSize(text: string, base: 1000 | 1024): number {
  const last = /[0-9. ](?=[^0-9. ]*$)/.exec(text);
  if (!last) throw new Error(`invalid size: '${text}'`);
  const number = last[0] === ' ' ? text.slice(0, last.index) : text.slice(0, last.index + 1);
  const suffix = text.slice(last.index + 1).toLowerCase();
  const size = parseFloat64(number);
  if (size < 0) throw new Error(`invalid size: '${text}'`);
  const form = /^(?:b|([kmgtp])(?:b|ib)?)?$/.exec(suffix);
  if (!form) {
    const shown = suffix.length > 3 ? text.slice(last.index + 1) : suffix;
    throw new Error(`invalid suffix: '${shown}'`);
  }
  return Math.trunc(size * base ** (form[1] ? exponents[form[1]]! : 0));
}

/** `512m`, `1.5 GiB`, `32b`: bytes, binary units whatever the spelling (`--memory`). Errors in go-units' words. */
export function ramInBytes(text: string): number {
  return parseSize(text, 1024);
}

/** The same grammar with decimal units (`max-size` of log options). */
export function fromHumanSize(text: string): number {
  return parseSize(text, 1000);
}
