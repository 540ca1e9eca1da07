import { formatE, formatF, formatG, formatShortest } from '../go-float.ts';
import { quoteGo, quoteRune } from '../go-quote.ts';
import { sortedEntries, typeName, unboxed } from './value.ts';
import type { StructType, Value } from './value.ts';

/** Go's fmt for template values: `%v` and the verbs of printf (https://pkg.go.dev/fmt). */

interface Verb {
  readonly letter: string;
  readonly plus: boolean;
  readonly minus: boolean;
  readonly sharp: boolean;
  readonly space: boolean;
  readonly zero: boolean;
  readonly width: number | undefined;
  readonly precision: number | undefined;
}

const plain: Verb = {
  letter: 'v',
  plus: false,
  minus: false,
  sharp: false,
  space: false,
  zero: false,
  width: undefined,
  precision: undefined,
};

/** `fmt.Sprint` of one value: what an action prints. An invalid value is `<nil>`. */
export function printed(value: Value | undefined): string {
  return formatValue(value, plain, 0);
}

function pad(text: string, verb: Verb): string {
  const missing = (verb.width ?? 0) - [...text].length;
  if (missing <= 0) return text;
  if (verb.minus) return text + ' '.repeat(missing);
  return (verb.zero ? '0' : ' ').repeat(missing) + text;
}

/** Zero padding goes between the sign and the digits. */
function padNumber(sign: string, digits: string, verb: Verb): string {
  if (!verb.zero || verb.minus) return pad(sign + digits, { ...verb, zero: false });
  return sign + digits.padStart((verb.width ?? 0) - sign.length, '0');
}

function badVerb(value: Value | undefined, verb: Verb): string {
  if (!value) return `%!${verb.letter}(<nil>)`;
  return `%!${verb.letter}(${typeName(value.type)}=${formatValue(value, { ...verb, letter: 'v' }, 0)})`;
}

function formatInteger(value: Value, verb: Verb): string {
  const number = value.data as bigint;
  const size = number < 0n ? -number : number;
  const sign = number < 0n ? '-' : verb.plus ? '+' : verb.space ? ' ' : '';
  const digits = (base: number) => size.toString(base).padStart(verb.precision ?? 0, '0');
  switch (verb.letter) {
    case 'v':
    case 'd':
      return padNumber(sign, digits(10), verb);
    case 'b':
      return padNumber(sign, (verb.sharp ? '0b' : '') + digits(2), verb);
    case 'o':
      return padNumber(sign, (verb.sharp ? '0' : '') + digits(8), verb);
    case 'O':
      return padNumber(sign, '0o' + digits(8), verb);
    case 'x':
      return padNumber(sign, (verb.sharp ? '0x' : '') + digits(16), verb);
    case 'X':
      return padNumber(sign, (verb.sharp ? '0X' : '') + digits(16).toUpperCase(), verb);
    case 'c':
      return pad(size > 0x10ffffn ? '\ufffd' : String.fromCodePoint(Number(size)), verb);
    case 'q':
      return pad(quoteRune(size > 0x10ffffn ? 0xfffd : Number(size), verb.plus), verb);
    case 'U': {
      const name =
        'U+' +
        size
          .toString(16)
          .toUpperCase()
          .padStart(Math.max(4, verb.precision ?? 0), '0');
      return pad(verb.sharp ? `${name} '${String.fromCodePoint(Number(size))}'` : name, verb);
    }
    default:
      return badVerb(value, verb);
  }
}

function formatFloating(value: Value, verb: Verb): string {
  const number = value.data as number;
  const render = (): string | undefined => {
    switch (verb.letter) {
      case 'v':
      case 'g':
        return verb.precision === undefined ? formatShortest(number) : formatG(number, verb.precision);
      case 'G':
        return (
          verb.precision === undefined ? formatShortest(number) : formatG(number, verb.precision)
        ).toUpperCase();
      case 'e':
        return formatE(number, verb.precision);
      case 'E':
        return formatE(number, verb.precision).toUpperCase();
      case 'f':
      case 'F':
        return formatF(number, verb.precision);
      default:
        return undefined;
    }
  };
  const text = render();
  if (text === undefined) return badVerb(value, verb);
  if (/^[+-]?(?:Inf|NaN)/.test(text)) return pad(text, { ...verb, zero: false });
  const sign = text.startsWith('-') ? '-' : verb.plus ? '+' : verb.space ? ' ' : '';
  return padNumber(sign, text.replace(/^-/, ''), verb);
}

function formatText(text: string, verb: Verb, value: Value): string {
  const cut = (limit: string) =>
    verb.precision === undefined ? limit : [...limit].slice(0, verb.precision).join('');
  switch (verb.letter) {
    case 'v':
      return pad(verb.sharp ? quoteGo(text) : cut(text), verb);
    case 's':
      return pad(cut(text), verb);
    case 'q': {
      const shown = cut(text);
      const raw = verb.sharp && !/[`\x00-\x08\x0a-\x1f\x7f]/.test(shown);
      return pad(raw ? '`' + shown + '`' : quoteGo(shown, verb.plus), verb);
    }
    case 'x':
    case 'X': {
      const bytes = Buffer.from(text).subarray(0, verb.precision);
      const pairs = [...bytes].map((byte) => byte.toString(16).padStart(2, '0'));
      const joined = (verb.sharp && pairs.length > 0 ? '0x' : '') + pairs.join(verb.space ? ' ' : '');
      return pad(verb.letter === 'X' ? joined.toUpperCase() : joined, verb);
    }
    default:
      return badVerb(value, verb);
  }
}

function formatStruct(type: StructType, members: unknown, verb: Verb, depth: number): string {
  // A view has methods and no fields: Go would print its unexported members.
  const fields = Array.isArray(members) ? (members as Value[]) : [];
  const parts = fields.map((member, index) => {
    const text = formatValue(member, verb, depth + 1);
    return verb.plus || verb.sharp ? `${type.fields[index]!.name}:${text}` : text;
  });
  return `{${parts.join(' ')}}`;
}

function formatValue(given: Value | undefined, verb: Verb, depth: number): string {
  const value = unboxed(given);
  if (!value) return verb.letter === 'v' ? pad('<nil>', verb) : badVerb(undefined, verb);
  const { type, data } = value;
  if (type.stringer && 'vsxXq'.includes(verb.letter) && !(type.kind === 'ptr' && data === null)) {
    return formatText(type.stringer(value), verb, value);
  }
  switch (type.kind) {
    case 'bool':
      return 'vt'.includes(verb.letter) ? pad(String(data), verb) : badVerb(value, verb);
    case 'int':
    case 'uint':
      return formatInteger(value, verb);
    case 'float':
      return formatFloating(value, verb);
    case 'string':
      return formatText(data as string, verb, value);
    case 'slice':
      return `[${((data as Value[] | null) ?? []).map((item) => formatValue(item, verb, depth + 1)).join(' ')}]`;
    case 'map': {
      const entries = sortedEntries((data as Map<string, Value> | null) ?? new Map<string, Value>());
      const shown = entries.map(
        ([key, item]) =>
          `${formatValue({ type: type.key, data: key }, verb, depth + 1)}:${formatValue(item, verb, depth + 1)}`,
      );
      return `map[${shown.join(' ')}]`;
    }
    case 'struct':
      return formatStruct(type, data, verb, depth);
    case 'ptr': {
      if (data === null) return verb.letter === 'v' ? pad('<nil>', verb) : badVerb(undefined, verb);
      const target = data as Value;
      if (depth === 0 && ['slice', 'map', 'struct'].includes(target.type.kind)) {
        return '&' + formatValue(target, verb, depth + 1);
      }
      // Go prints an address, which means nothing to anyone.
      return pad('0xc000000000', verb);
    }
    case 'interface':
    case 'func':
      return badVerb(undefined, verb);
  }
}

/** `fmt.Sprint`: a space between operands when neither is a string. */
export function sprint(values: readonly (Value | undefined)[]): string {
  let out = '';
  values.forEach((value, index) => {
    const isString = (operand: Value | undefined) => unboxed(operand)?.type.kind === 'string';
    if (index > 0 && !isString(value) && !isString(values[index - 1])) out += ' ';
    out += printed(value);
  });
  return out;
}

/** `fmt.Sprintln`. */
export function sprintln(values: readonly (Value | undefined)[]): string {
  return values.map(printed).join(' ') + '\n';
}

const directive = /%([-+# 0]*)(\*|[0-9]+)?(?:(\.)(\*|[0-9]+)?)?(.)?/suy;

/** `fmt.Sprintf` without argument indexes; mistakes print Go's `%!` texts. */
export function sprintf(format: string, values: readonly (Value | undefined)[]): string {
  let out = '';
  let next = 0;
  const star = (): number | undefined => {
    const value = unboxed(values[next]);
    if (value?.type.kind !== 'int') return undefined;
    next++;
    return Number(value.data);
  };
  for (let index = 0; index < format.length;) {
    if (format[index] !== '%') {
      const percent = format.indexOf('%', index);
      const end = percent < 0 ? format.length : percent;
      out += format.slice(index, end);
      index = end;
      continue;
    }
    directive.lastIndex = index;
    const [whole, flags = '', width, dot, precision, letter] = directive.exec(format)!;
    index += whole.length;
    if (letter === undefined) {
      out += '%!(NOVERB)';
      break;
    }
    let columns = width === '*' ? star() : width === undefined ? undefined : Number(width);
    if (width === '*' && columns === undefined) out += '%!(BADWIDTH)';
    const leftAligned = flags.includes('-') || (columns ?? 0) < 0;
    if (columns !== undefined) columns = Math.abs(columns);
    const digits = precision === '*' ? star() : dot === undefined ? undefined : Number(precision ?? 0);
    if (precision === '*' && digits === undefined) out += '%!(BADPREC)';
    if (letter === '%') {
      out += '%';
      continue;
    }
    if (next >= values.length) {
      out += `%!${letter}(MISSING)`;
      continue;
    }
    const value = values[next++];
    if (letter === 'T') {
      const inner = unboxed(value);
      out += inner ? typeName(inner.type) : '<nil>';
      continue;
    }
    out += formatValue(
      value,
      {
        letter,
        plus: flags.includes('+'),
        minus: leftAligned,
        sharp: flags.includes('#'),
        space: flags.includes(' '),
        zero: flags.includes('0') && !leftAligned,
        width: columns,
        precision: digits,
      },
      0,
    );
  }
  if (next < values.length) {
    const extra = values.slice(next).map((value) => {
      const inner = unboxed(value);
      return inner ? `${typeName(inner.type)}=${printed(inner)}` : '<nil>';
    });
    out += `%!(EXTRA ${extra.join(', ')})`;
  }
  return out;
}
