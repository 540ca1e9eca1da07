/** Go's float formatting: `%v` (shortest), `%g` with precision, `%e`, `%f` (https://pkg.go.dev/fmt, strconv.FormatFloat). */

function special(value: number): string | undefined {
  if (Number.isNaN(value)) return 'NaN';
  if (value === Infinity) return '+Inf';
  if (value === -Infinity) return '-Inf';
  return undefined;
}

/** Shortest digits that read back as the same number: `-1.5` -> { negative, '15', exponent 0 } (d.ddd x 10^exponent). */
function shortestDigits(value: number): { negative: boolean; digits: string; exponent: number } {
  const negative = value < 0 || Object.is(value, -0);
  const [mantissa, exponent] = Math.abs(value).toExponential().split('e') as [string, string];
  return { negative, digits: mantissa.replace('.', ''), exponent: Number(exponent) };
}

function scientific(digits: string, exponent: number): string {
  const fraction = digits.length > 1 ? '.' + digits.slice(1) : '';
  const size = String(Math.abs(exponent)).padStart(2, '0');
  return `${digits[0]}${fraction}e${exponent < 0 ? '-' : '+'}${size}`;
}

function positional(digits: string, exponent: number): string {
  if (exponent < 0) return '0.' + '0'.repeat(-exponent - 1) + digits;
  if (digits.length <= exponent + 1) return digits + '0'.repeat(exponent + 1 - digits.length);
  return `${digits.slice(0, exponent + 1)}.${digits.slice(exponent + 1)}`;
}

/** `%v`: the shortest form, exponent form below 1e-4 and from 1e6 whatever the digits (`1e+06`, `1.234567e+06`). */
export function formatShortest(value: number): string {
  const name = special(value);
  if (name) return name;
  const { negative, digits, exponent } = shortestDigits(value);
  const text = exponent < -4 || exponent >= 6 ? scientific(digits, exponent) : positional(digits, exponent);
  return negative ? '-' + text : text;
}

/** `%.<precision>g`: significant digits, trailing zeros dropped, exponent form from 10^precision on. */
export function formatG(value: number, precision: number): string {
  const name = special(value);
  if (name) return name;
  const significant = Math.max(1, precision);
  const [mantissa, exponentText] = Math.abs(value)
    .toExponential(significant - 1)
    .split('e') as [string, string];
  const exponent = Number(exponentText);
  const digits = mantissa.replace('.', '').replace(/0+$/, '') || '0';
  const text =
    exponent < -4 || exponent >= significant ? scientific(digits, exponent) : positional(digits, exponent);
  return value < 0 || Object.is(value, -0) ? '-' + text : text;
}

/** `%.<precision>e` with Go's exponent of at least two digits. */
export function formatE(value: number, precision = 6): string {
  const name = special(value);
  if (name) return name;
  const [mantissa, exponent] = value.toExponential(precision).split('e') as [string, string];
  return `${mantissa}e${exponent[0]}${exponent.slice(1).padStart(2, '0')}`;
}

/** `%.<precision>f`. */
export function formatF(value: number, precision = 6): string {
  const name = special(value);
  if (name) return name;
  if (Math.abs(value) < 1e21) return value.toFixed(precision);
  const whole = BigInt(value).toString();
  return precision > 0 ? `${whole}.${'0'.repeat(precision)}` : whole;
}
